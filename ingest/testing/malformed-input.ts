/**
 * Hostile input for tests: bytes that were never JSON, JSON that was never a body, and right bodies with something wrong in
 * them. Bodies are changed as text, so that duplicate keys, `__proto__` and numbers that no JavaScript value has come through.
 */

import fc from "fast-check";
import { MAX_CANDIDATE_BYTES } from "../../shared/contracts/candidate.ts";
import { type CommandKind, MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import demo from "../../shared/rulesets/demo.json" with { type: "json" };
import { SKIRMISH } from "../../shared/testing/candidate.ts";
import type { ArrivalKind } from "../gate/validate.ts";
import { deep, timeNear, trick, valueText } from "./malformed-values.ts";

/** A body as it is sent; a failing property shows it as text. */
export class MalformedInput {
  readonly kind: ArrivalKind;
  readonly data: Uint8Array;
  constructor(kind: ArrivalKind, data: Uint8Array) {
    this.kind = kind;
    this.data = data;
  }
  [fc.toStringMethod](): string {
    return `${this.kind} of ${this.data.length} bytes ${JSON.stringify(Buffer.from(this.data).toString("latin1"))}`;
  }
}

/** A JSON document whose leaves are text, and whose objects may hold a key twice. */
type Doc = { entries: [key: string, value: Doc][] } | { items: Doc[] } | { text: string };

function docOf(value: unknown): Doc {
  if (Array.isArray(value)) return { items: value.map(docOf) };
  if (typeof value !== "object" || value === null) return { text: JSON.stringify(value) };
  return { entries: Object.entries(value).map(([key, inner]) => [key, docOf(inner)]) };
}
function textOf(doc: Doc): string {
  if ("text" in doc) return doc.text;
  if ("items" in doc) return `[${doc.items.map(textOf).join(",")}]`;
  return `{${doc.entries.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join(",")}}`;
}

const candidateAt = (realm: string, atMs: number) => ({
  ...SKIRMISH,
  idempotency_key: "hostile-key",
  realm_id: realm,
  user_id: "ada",
  device_id: "phone",
  session_id: "s1",
  relic_id: "crown",
  campaign_id: "siege",
  spend_tier: 2,
  occurred_at: new Date(atMs).toISOString(),
});
const FIELDS = Object.keys(candidateAt("", 0));

const event = "a".repeat(26);
const decision = { event_id: event, factors: { quality_bp: 1 }, clipped: [{ by: "user_day", points: 5 }] };
const option = {
  text: "Levy the fields",
  effects: [{ do: "modify", name: "yield_bp", faction: "empire", add: 500, ticks: 96 }],
};
const PAYLOADS: Record<CommandKind, object> = {
  "tick.run": {},
  "realm.status": { status: "maintenance" },
  "ruleset.set": { ruleset: demo, note: "softer caps" },
  "member.join": { user: "ada", faction: "empire", cohort: "first" },
  "member.switch": { user: "ada", faction: "empire" },
  "member.leave": { user: "ada" },
  "review.release": { event, decision, note: "a raid, not a bot" },
  "review.reject": { event, decision },
  "shadow.set": { ruleset: demo },
  "shadow.clear": {},
  "sovereign.propose": { action_type: "embargo", faction: "empire", target: "iron_gate" },
  "sovereign.counter": { action: event, faction: "veilborn", stake: 320_000 },
  "campaign.open": { id: "iron_harvest", goal: 5_000, min_contributors: 20, ticks: 96 },
  "campaign.close": { id: "iron_harvest" },
  "season.close": {},
  "season.open": {},
  "council.open": { faction: "empire", options: [{ text: "Nothing new", effects: [] }, option] },
  "council.vote": { user: "ada", faction: "empire", option: 1 },
  "resource.grant": { faction: "empire", resource: "iron", amount: 400_000 },
  "world.correct": {
    what: "holder",
    of: { relic: "ember_crown" },
    value: null,
    note: "the capture of tick 96 was a fault",
  },
  "effect.end": { id: "decree.abc.0", note: "it was meant for another realm" },
  "effect.restore": { id: "age_of_iron.1", note: "it was no fault" },
  "event.void": { event, note: "a bot's" },
  "event.restore": { event, note: "it was no bot" },
  "user.ban": { user: "ada", until: "2030-01-01T00:00:00.000Z", note: "a bot, see ticket 12" },
  "user.unban": { user: "ada", note: "it was no bot" },
  "resource.spend": { faction: "empire", resource: "iron", amount: 1, note: "tribute" },
  "chapter.receipt": {
    chapter: "c-12",
    rev: 2,
    ticket: "dGlja2V0",
    cites: [{ ref: "t410.flip.iron_gate", span: [10, 42] }],
    claims: [{ f: "fell", what: "iron_gate", from: "empire", to: "freeholds", at: 410 }],
    rating: 5,
  },
  "activity.daily": { day: "2026-03-01", cohort: "control" },
  decree: { text: "The gates stay shut.", effects: option.effects },
};
const commandsOf = (realm: string) =>
  Object.entries(PAYLOADS).map(([kind, payload]) => ({
    v: 1,
    idempotency_key: "hostile-key",
    realm_id: realm,
    actor: { type: "gm", id: "tester" },
    kind,
    payload,
  }));

const key = fc.oneof(
  fc.constantFrom(...FIELDS),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "",
    "then",
    "toJSON",
  ),
  fc.constantFrom("event_id", "received_at", "source_seq", "normalized_points", "user_іd", "ｖ", "v\u200b"),
  fc.constantFrom("kind", "payload", "actor", "ruleset", "decision", "note", "status", "command_id"),
  trick,
);

/** A change somewhere in a document: `way` leads to the object or array that it happens in. */
type Change = {
  way: number[];
  at: number;
  act: "drop" | "set" | "add" | "repeat" | "rename";
  key: string;
  text: string;
};

const changeAt = (atMs: number): fc.Arbitrary<Change> =>
  fc.record({
    // Empty is the body itself.
    way: fc.oneof(
      { weight: 2, arbitrary: fc.constant<number[]>([]) },
      fc.array(fc.nat({ max: 99 }), { maxLength: 6 }),
    ),
    at: fc.nat({ max: 99 }),
    act: fc.constantFrom("drop", "set", "add", "repeat", "rename"),
    key,
    text: valueText(atMs),
  });

function changed(doc: Doc, change: Change): Doc {
  if ("text" in doc) return { text: change.text };
  const [step, ...way] = change.way;
  const inner = { ...change, way };
  if ("items" in doc) {
    const items = [...doc.items];
    const at = (step ?? change.at) % Math.max(1, items.length);
    if (items[at] !== undefined && step !== undefined) items[at] = changed(items[at], inner);
    else items.splice(at, change.act === "add" ? 0 : 1, { text: change.text });
    return { items };
  }
  const entries = [...doc.entries];
  const at = (step ?? change.at) % Math.max(1, entries.length);
  const found = entries[at];
  if (found === undefined) return { entries: [[change.key, { text: change.text }]] };
  const [name, value] = found;
  if (step !== undefined) entries[at] = [name, changed(value, inner)];
  else if (change.act === "drop") entries.splice(at, 1);
  else if (change.act === "set") entries[at] = [name, { text: change.text }];
  else if (change.act === "add") entries.push([change.key, { text: change.text }]);
  else if (change.act === "repeat") entries.push([name, { text: change.text }]);
  else entries[at] = [change.key, value];
  return { entries };
}

/** Another value for a field, of the kind that the field is for: at its bounds, or harmful where nearly anything is taken. */
type Other = { field: string; text: string };

const otherAt = (atMs: number): fc.Arbitrary<Other> => {
  const other = (field: string, text: fc.Arbitrary<string>) => text.map((text) => ({ field, text }));
  const string = (regex: RegExp) => fc.stringMatching(regex).map((text) => JSON.stringify(text));
  const integer = (max: number) => fc.integer({ min: -1, max: max + 1 }).map(String);
  const id = string(/^[a-z0-9][a-z0-9_-]{0,31}$/);
  const account = string(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
  const freely = valueText(atMs);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: other(
        "occurred_at",
        timeNear(atMs).map((text) => JSON.stringify(text)),
      ),
    },
    { weight: 2, arbitrary: other("realm_id", id) },
    other("kind", string(/^[a-z]{1,9}\.[a-z]{1,9}$/)),
    other("idempotency_key", string(/^[A-Za-z0-9_.:-]{8,128}$/)),
    ...["faction_id", "territory_id", "relic_id", "campaign_id", "cohort"].map((field) => other(field, id)),
    ...["user_id", "device_id", "session_id", "user", "id"].map((field) => other(field, account)),
    ...["base_points", "stakes", "significance", "quality_bp"].map((field) => other(field, integer(10_000))),
    other("spend_tier", integer(3)),
    other("event_type", fc.constantFrom('"influence_gain"', '"relic_claim"')),
    ...["decision", "factors", "note", "name", "when"].map((field) => other(field, freely)),
    other("clipped", deep),
  );
};

function replaced(doc: Doc, { field, text }: Other): Doc {
  if ("text" in doc) return doc;
  if ("items" in doc) return { items: doc.items.map((inner) => replaced(inner, { field, text })) };
  return {
    entries: doc.entries.map(([key, value]) => [
      key,
      key === field ? { text } : replaced(value, { field, text }),
    ]),
  };
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "utf8"));
const padded = (data: Uint8Array, length: number): Uint8Array => {
  const longer = new Uint8Array(Math.max(length, data.length)).fill(0x20);
  longer.set(data);
  return longer;
};
const spliced = (data: Uint8Array, at: number, remove: number, ...bytes: number[]): Uint8Array =>
  new Uint8Array([...data.subarray(0, at), ...bytes, ...data.subarray(at + remove)]);

type Damage = (data: Uint8Array) => Uint8Array;

const pad =
  (length: number): Damage =>
  (data) =>
    padded(data, length);
const cut =
  (length: number): Damage =>
  (data) =>
    data.slice(0, length);
const strike =
  (at: number, remove: number, byte: number): Damage =>
  (data) =>
    spliced(data, at % (data.length + 1), remove, byte);
const asText = (data: Uint8Array) => Buffer.from(data).toString("utf8");

const byteOrderMark: Damage = (data) => new Uint8Array([0xef, 0xbb, 0xbf, ...data]);
const utf16: Damage = (data) => new Uint8Array(Buffer.from(asText(data), "utf16le"));
const trailingComma: Damage = (data) => spliced(data, Math.max(0, data.length - 1), 0, 0x2c);
const twice: Damage = (data) => new Uint8Array([...data, ...data]);
const trailingNul: Damage = (data) => new Uint8Array([...data, 0]);
const comment: Damage = (data) => new Uint8Array([...bytesOf("/* */\n"), ...data]);
const apostrophes: Damage = (data) => bytesOf(asText(data).replaceAll('"', "'"));

const around = (...sizes: number[]) =>
  fc.tuple(fc.constantFrom(...sizes), fc.integer({ min: -1, max: 1 })).map(([size, by]) => pad(size + by));

/** What may happen to a body on its way. */
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.constantFrom(byteOrderMark, utf16, trailingComma, twice, trailingNul, comment, apostrophes),
  around(MAX_CANDIDATE_BYTES, 1_024),
  fc.nat({ max: 2_000 }).map(cut),
  fc
    .tuple(
      fc.nat({ max: 600 }),
      fc.nat({ max: 1 }),
      fc.constantFrom(0, 0x22, 0x5c, 0x7f, 0x80, 0xc0, 0xed, 0xff),
    )
    .map((args) => strike(...args)),
);

/** What a hostile or broken publisher may send to `realm` at `atMs`, Unix milliseconds. */
export function malformed(realm: string, atMs: number): fc.Arbitrary<MalformedInput> {
  const kind = fc.constantFrom<ArrivalKind>("candidate", "command", "player_command");
  const candidateDoc = docOf(candidateAt(realm, atMs));
  const commandDocs = commandsOf(realm).map(docOf);
  const command = fc.constantFrom(...commandDocs);
  const player = { type: "player", id: "ada" };
  const playersCommand = fc.constantFrom(
    ...commandsOf(realm).map((command) => docOf({ ...command, actor: player })),
  );
  const body: fc.Arbitrary<{ kind: ArrivalKind; doc: Doc }> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("candidate"), doc: fc.constant(candidateDoc) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("command"), doc: command }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("candidate"), doc: command }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("player_command"), doc: playersCommand }) },
  );
  const damages = fc.oneof(
    { weight: 40, arbitrary: fc.constant<Damage[]>([]) },
    { weight: 15, arbitrary: fc.array(damage, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.tuple(around(MAX_COMMAND_BYTES)) },
  );
  const others = fc.array(otherAt(atMs), { maxLength: 3 });
  const changes = fc.oneof(
    { weight: 1, arbitrary: fc.constant<Change[]>([]) },
    { weight: 1, arbitrary: fc.array(changeAt(atMs), { minLength: 1, maxLength: 3 }) },
  );
  const mutated = fc
    .tuple(body, others, changes, damages)
    .map(([{ kind, doc }, others, changes, damages]) => {
      const text = textOf(changes.reduce(changed, others.reduce(replaced, doc)));
      return new MalformedInput(
        kind,
        damages.reduce((data, harm) => harm(data), bytesOf(text)),
      );
    });
  return fc.oneof(
    { weight: 10, arbitrary: mutated },
    { weight: 1, arbitrary: sentAs(kind, fc.uint8Array({ maxLength: 2_000 })) },
    { weight: 1, arbitrary: sentAs(kind, fc.oneof(fc.json(), deep, valueText(atMs)).map(bytesOf)) },
  );
}

const sentAs = (
  kind: fc.Arbitrary<ArrivalKind>,
  data: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<MalformedInput> => fc.tuple(kind, data).map(([kind, data]) => new MalformedInput(kind, data));
