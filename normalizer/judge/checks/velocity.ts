/** How often a user, a session and a device act: bursts within minutes, drips over a day. */
import type { Heat, QuarantineReason, RejectReason } from "../../../shared/contracts/decision.ts";
import type { HeatRules, JudgementRules } from "../../../shared/contracts/ruleset.ts";
import { floorDiv } from "../../../shared/exact/integers.ts";
import type { DeviceState } from "../../state/device.ts";
import type { SessionState } from "../../state/entry-types.ts";
import { hitsLeft } from "../../state/heat.ts";
import type { PlayerState } from "../../state/player.ts";

export type Actors = {
  player: PlayerState | undefined;
  device: DeviceState | undefined;
  session: SessionState | undefined;
  hasDevice: boolean;
  hasSession: boolean;
};

/** Hits of each key before this event; 0 where it names no such key. */
export type Hits = Required<Heat>;

/** `fingerprintUntilMs`: the heat of exactly this action. */
export function hitsOf(
  { player, device, session }: Actors,
  fingerprintUntilMs: number,
  atMs: number,
  { heat, device_turns, fingerprint }: JudgementRules,
): Hits {
  return {
    user_burst: hits(player?.burst, atMs, heat.user_burst),
    user_drip: hits(player?.drip, atMs, heat.user_drip),
    session_burst: hits(session?.burst, atMs, heat.session_burst),
    device_burst: hits(device?.burst, atMs, heat.device_burst),
    device_drip: hits(device?.drip, atMs, heat.device_drip),
    device_turns: hits(device?.turns, atMs, device_turns),
    fingerprint: hits(fingerprintUntilMs, atMs, fingerprint),
  };
}

const hits = (
  untilMs: number | undefined,
  atMs: number,
  { leak_seconds }: { leak_seconds: number },
): number => (untilMs === undefined ? 0 : hitsLeft(untilMs, atMs, leak_seconds * 1_000));

/** The hits in a decision, of the keys that the event names. */
export function heatOf(
  { session_burst, device_burst, device_drip, device_turns, ...hits }: Hits,
  { hasDevice, hasSession }: Actors,
): Heat {
  return {
    ...hits,
    ...(hasSession ? { session_burst } : {}),
    ...(hasDevice ? { device_burst, device_drip, device_turns } : {}),
  };
}

/** Events without a device have half of both limits: a device is easier to leave out than to share. */
export const userHeatRules = (rules: HeatRules, hasDevice: boolean): HeatRules =>
  hasDevice ? rules : { ...rules, quarantine: halved(rules.quarantine), reject: halved(rules.reject) };

const halved = (limit: number): number => Math.max(1, floorDiv(limit, 2));

/** The second limit, rejection: no person acts that often. */
export function velocityReason(
  hits: Hits,
  hasDevice: boolean,
  rules: JudgementRules["heat"],
): RejectReason | undefined {
  if (
    hits.user_burst >= userHeatRules(rules.user_burst, hasDevice).reject ||
    hits.user_drip >= userHeatRules(rules.user_drip, hasDevice).reject
  )
    return "velocity_user";
  if (hits.session_burst >= rules.session_burst.reject) return "velocity_session";
  if (hits.device_burst >= rules.device_burst.reject || hits.device_drip >= rules.device_drip.reject)
    return "velocity_device";
  return undefined;
}

/** The first limit, quarantine: a game master should look. */
export function heatReason(
  hits: Hits,
  hasDevice: boolean,
  rules: JudgementRules["heat"],
): QuarantineReason | undefined {
  if (hits.user_burst >= userHeatRules(rules.user_burst, hasDevice).quarantine) return "burst_user";
  if (hits.session_burst >= rules.session_burst.quarantine) return "burst_session";
  if (hits.device_burst >= rules.device_burst.quarantine) return "burst_device";
  if (hits.user_drip >= userHeatRules(rules.user_drip, hasDevice).quarantine) return "drip_user";
  if (hits.device_drip >= rules.device_drip.quarantine) return "drip_device";
  return undefined;
}
