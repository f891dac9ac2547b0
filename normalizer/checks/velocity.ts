/** How often a user, a session and a device act: bursts within minutes, drips over a day. */
import type { Heat, QuarantineReason, RejectReason } from "../../shared/contracts/decision.ts";
import type { HeatRules, Judgement } from "../../shared/contracts/ruleset.ts";
import { floorDiv } from "../../shared/integers.ts";
import { hitsLeft } from "../factors/heat.ts";
import type { DeviceState, PlayerState, SessionState } from "../state.ts";

export type Actors = {
  player: PlayerState | undefined;
  device: DeviceState | undefined;
  session: SessionState | undefined;
  hasDevice: boolean;
  hasSession: boolean;
};

/** Hits of each key before this event; `fingerprintUntilMs` is the heat of exactly this action. */
export function heatOf(
  { player, device, session, hasDevice, hasSession }: Actors,
  fingerprintUntilMs: number,
  atMs: number,
  rules: Judgement,
): Heat {
  const { heat } = rules;
  const left = (untilMs: number | undefined, { leak_seconds }: { leak_seconds: number }) =>
    hitsLeft(untilMs ?? 0, atMs, leak_seconds * 1_000);
  return {
    user_burst: left(player?.burst, heat.user_burst),
    user_drip: left(player?.drip, heat.user_drip),
    ...(hasSession ? { session_burst: left(session?.burst, heat.session_burst) } : {}),
    ...(hasDevice
      ? {
          device_burst: left(device?.burst, heat.device_burst),
          device_drip: left(device?.drip, heat.device_drip),
          device_turns: left(device?.turns, rules.device_turns),
        }
      : {}),
    fingerprint: left(fingerprintUntilMs, rules.fingerprint),
  };
}

/** Who names no device has half of both limits: a device more is easier to leave out than to share. */
export const userHeatRules = (rules: HeatRules, hasDevice: boolean): HeatRules =>
  hasDevice ? rules : { ...rules, quarantine: halved(rules.quarantine), reject: halved(rules.reject) };

const halved = (limit: number): number => Math.max(1, floorDiv(limit, 2));

/** The second limit: no person acts that often. */
export function velocityReason(
  heat: Heat,
  hasDevice: boolean,
  rules: Judgement["heat"],
): RejectReason | undefined {
  const reached = (hits: number | undefined, { reject }: HeatRules) => hits !== undefined && hits >= reject;
  if (
    reached(heat.user_burst, userHeatRules(rules.user_burst, hasDevice)) ||
    reached(heat.user_drip, userHeatRules(rules.user_drip, hasDevice))
  )
    return "velocity_user";
  if (reached(heat.session_burst, rules.session_burst)) return "velocity_session";
  if (reached(heat.device_burst, rules.device_burst) || reached(heat.device_drip, rules.device_drip))
    return "velocity_device";
  return undefined;
}

/** The first limit: a person should look. */
export function heatReason(
  heat: Heat,
  hasDevice: boolean,
  rules: Judgement["heat"],
): QuarantineReason | undefined {
  const reached = (hits: number | undefined, { quarantine }: HeatRules) =>
    hits !== undefined && hits >= quarantine;
  if (reached(heat.user_burst, userHeatRules(rules.user_burst, hasDevice))) return "burst_user";
  if (reached(heat.session_burst, rules.session_burst)) return "burst_session";
  if (reached(heat.device_burst, rules.device_burst)) return "burst_device";
  if (reached(heat.user_drip, userHeatRules(rules.user_drip, hasDevice))) return "drip_user";
  if (reached(heat.device_drip, rules.device_drip)) return "drip_device";
  return undefined;
}
