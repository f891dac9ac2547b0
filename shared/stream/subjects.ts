/** Names of subjects, streams and KV keys. Each is made here and nowhere else. */
import { keySpace, type Speaker } from "../exact/identity.ts";

export const rawStream = (realm: string) => `RAW_${realm}`;
export const validStream = (realm: string) => `VALID_${realm}`;
export const eventsStream = (realm: string) => `EVENTS_${realm}`;
export const worldStream = (realm: string) => `WORLD_${realm}`;

export const subjects = {
  rawCandidate: (realm: string) => `impact.raw.${realm}`,
  /** The API and the steward. */
  rawCommand: (realm: string) => `command.raw.${realm}`,
  /** Story engines: what players may say. */
  playerCommand: (realm: string) => `command.player.${realm}`,
  validCandidate: (realm: string) => `impact.valid.${realm}`,
  validCommand: (realm: string) => `command.valid.${realm}`,
  ingestRejected: (realm: string) => `impact.rejected.${realm}`,
  accepted: (realm: string) => `events.accepted.${realm}`,
  quarantined: (realm: string) => `events.quarantined.${realm}`,
  rejected: (realm: string) => `events.rejected.${realm}`,
  command: (realm: string) => `events.command.${realm}`,
  tickMarker: (realm: string) => `events.tick.${realm}`,
  handover: (realm: string) => `events.handover.${realm}`,
  tick: (realm: string) => `world.tick.${realm}`,
  delta: (realm: string) => `world.delta.${realm}`,
  notices: (realm: string) => `world.notices.${realm}`,
  settledCommands: (realm: string) => `world.commands.${realm}`,
  snapshot: (realm: string) => `world.snapshot.${realm}`,
  pulse: (realm: string) => `world.pulse.${realm}`,
  position: (stage: string, realm: string) => `position.${stage}.${realm}`,
} as const;

export const candidateMsgId = (userId: string, idempotencyKey: string) => `c.${userId}.${idempotencyKey}`;
/** `p.<user>.<key>` of players, `m.<key>` of operators, `s.<key>` of the steward. */
export const commandMsgId = (actor: Speaker, idempotencyKey: string) =>
  `${keySpace(actor)}.${idempotencyKey}`;

const STREAMS: Record<string, (realm: string) => string> = {
  "impact.raw": rawStream,
  "command.raw": rawStream,
  "command.player": rawStream,
  "impact.valid": validStream,
  "impact.rejected": validStream,
  "command.valid": validStream,
  "position.ingest": validStream,
  "position.normalizer": eventsStream,
  "position.simulator": worldStream,
};

/** The stream that holds a subject of a realm. */
export function streamOf(subject: string): string {
  const [head = "", kind = "", realm = ""] = subject.split(".");
  const named = STREAMS[`${head}.${kind}`];
  return named !== undefined ? named(realm) : head === "events" ? eventsStream(realm) : worldStream(realm);
}
