/** What a notice says to its player. Only who was pivotal is told of having caused anything. */

import type { NoticeItem, NoticeRole } from "../../shared/contracts/notice.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { find } from "../../shared/exact/by-id.ts";
import { floorDiv } from "../../shared/exact/integers.ts";

type Text = { en: string; vi: string };
type ByRole = Record<NoticeRole, Text>;

/** The item with its sentences; things go by the names that the ruleset gives them. */
export const withText = (item: NoticeItem, rules: Ruleset): NoticeItem => ({
  ...item,
  text: textOf(item, rules),
});

function textOf(item: NoticeItem, rules: Ruleset): Text {
  switch (item.kind) {
    case "flip":
      return flip(nameIn(rules.territories, item.territory), nameIn(rules.factions, item.to))[item.role];
    case "capture":
      return capture(nameIn(rules.relics, item.relic), nameIn(rules.factions, item.faction))[item.role];
    case "trigger":
      return trigger(wordsOf(item.key))[item.role];
    case "campaign":
      return campaign(wordsOf(item.campaign), item.stage)[item.role];
    case "action":
      return action(item.status);
    case "clip":
      return clip(nameIn(rules.factions, item.faction), item);
    default:
      return item satisfies never;
  }
}

const nameIn = (things: Record<string, { name: string }>, id: string): string =>
  find(things, id)?.name ?? wordsOf(id);

/** Things without a name are shown by their id. */
const wordsOf = (id: string): string => id.replaceAll(/[-_]/g, " ");

const flip = (territory: string, faction: string): ByRole => ({
  pivotal: {
    en: `You caused ${territory} to fall to ${faction}: without you it would not have fallen now.`,
    vi: `Chính bạn đã khiến ${territory} về tay ${faction}: không có bạn, điều đó đã không xảy ra lúc này.`,
  },
  major: {
    en: `You were among those who did the most to win ${territory} for ${faction}.`,
    vi: `Bạn là một trong những người góp sức nhiều nhất để ${faction} giành được ${territory}.`,
  },
  contributor: {
    en: `You had a part in winning ${territory} for ${faction}.`,
    vi: `Bạn đã góp phần giúp ${faction} giành được ${territory}.`,
  },
});

const capture = (relic: string, faction: string): ByRole => ({
  pivotal: {
    en: `You caused ${relic} to pass to ${faction}: without you it would not have been taken now.`,
    vi: `Chính bạn đã khiến ${relic} về tay ${faction}: không có bạn, điều đó đã không xảy ra lúc này.`,
  },
  major: {
    en: `You were among those who did the most to bring ${relic} to ${faction}.`,
    vi: `Bạn là một trong những người góp sức nhiều nhất để ${faction} giành được ${relic}.`,
  },
  contributor: {
    en: `You had a part in bringing ${relic} to ${faction}.`,
    vi: `Bạn đã góp phần giúp ${faction} giành được ${relic}.`,
  },
});

const trigger = (name: string): ByRole => ({
  pivotal: {
    en: `You caused “${name}” to begin: without you it would not have begun now.`,
    vi: `Chính bạn đã khiến “${name}” bắt đầu: không có bạn, điều đó đã không xảy ra lúc này.`,
  },
  major: {
    en: `“${name}” has begun, and few did more towards it than you.`,
    vi: `“${name}” đã bắt đầu, và ít ai góp sức nhiều hơn bạn.`,
  },
  contributor: {
    en: `“${name}” has begun, and you had a part in what led to it.`,
    vi: `“${name}” đã bắt đầu, và bạn đã góp phần dẫn đến điều đó.`,
  },
});

const campaign = (name: string, stage: number): ByRole => ({
  pivotal: {
    en: `You caused “${name}” to reach stage ${stage}: without you it would not have got there now.`,
    vi: `Chính bạn đã khiến “${name}” đạt chặng ${stage}: không có bạn, điều đó đã không xảy ra lúc này.`,
  },
  major: {
    en: `“${name}” has reached stage ${stage}, and few did more for it than you.`,
    vi: `“${name}” đã đạt chặng ${stage}, và ít ai góp sức nhiều hơn bạn.`,
  },
  contributor: {
    en: `“${name}” has reached stage ${stage}, and you had a part in it.`,
    vi: `“${name}” đã đạt chặng ${stage}, và bạn đã góp phần.`,
  },
});

const action = (status: string): Text => ({
  en: `The sovereign action that you took part in is ${status}.`,
  vi: `Hành động tối cao mà bạn tham gia đã có kết quả: ${status}.`,
});

/** Amounts in whole points. */
function clip(faction: string, { brought, applied }: { brought: number; applied: number }): Text {
  const [all, left] = [floorDiv(brought, 1_000), floorDiv(applied, 1_000)];
  return {
    en: `So many acted for ${faction} at once that ${left} of your ${all} points counted: a faction gains only so much in one tick.`,
    vi: `Có quá nhiều người cùng hành động vì ${faction} nên chỉ ${left} trong ${all} điểm của bạn được tính: mỗi phe chỉ nhận được bấy nhiêu trong một lượt.`,
  };
}
