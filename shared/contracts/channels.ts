/** Every subject of a realm, and the feed: who may say what there. `asyncapi.ts` makes the document of it. */
import type { z } from "zod";
import { subjects } from "../stream/subjects.ts";
import { Candidate, ValidCandidate } from "./candidate.ts";
import { Command, DecidedCommand, PlayerCommand, ValidCommand } from "./command.ts";
import { Accepted, IngestRejection, Quarantined, Rejected } from "./decision.ts";
import {
  AliveFrame,
  DeltaFrame,
  NoticeFrame,
  Pulse,
  PulseFrame,
  ResyncFrame,
  SnapshotFrame,
  TokenMessage,
} from "./feed.ts";
import { NoticesPart } from "./notice.ts";
import { Position } from "./position.ts";
import { SettledCommandsPart } from "./settled-command.ts";
import { Handover, TickMarker, TickRecord, WorldDelta, WorldSnapshot } from "./world.ts";

/** Everything that is said, by its name in the document. */
export const MESSAGES = {
  Candidate,
  Command,
  PlayerCommand,
  ValidCandidate,
  ValidCommand,
  IngestRejection,
  Accepted,
  Quarantined,
  Rejected,
  DecidedCommand,
  Handover,
  TickMarker,
  TickRecord,
  WorldDelta,
  NoticesPart,
  SettledCommandsPart,
  WorldSnapshot,
  Position,
  Pulse,
  SnapshotFrame,
  DeltaFrame,
  PulseFrame,
  NoticeFrame,
  AliveFrame,
  ResyncFrame,
  TokenMessage,
} satisfies Record<string, z.ZodType>;
export type MessageName = keyof typeof MESSAGES;

export type Channel = {
  server: "nats" | "feed";
  address: string;
  about: string;
  /** What the pipeline says there. */
  sends?: MessageName[];
  /** What it takes from others. */
  receives?: MessageName[];
  /** A message is a bundle: a JSON array of 1 to 50 consecutive bodies. */
  bundled?: true;
};

const REALM = "{realm}";
export const CHANNELS = {
  rawCandidates: {
    server: "nats",
    address: subjects.rawCandidate(REALM),
    about:
      "What the story engine publishes, one action a message, with `Nats-Msg-Id: c.<user_id>.<idempotency_key>`. " +
      "The ack means that it is on disk; an error that it isn't.",
    receives: ["Candidate"],
  },
  rawCommands: {
    server: "nats",
    address: subjects.rawCommand(REALM),
    about:
      "What the internal API and the steward tell a realm, with `Nats-Msg-Id: m.<idempotency_key>` of an operator's, " +
      "`s.<idempotency_key>` of the steward's.",
    receives: ["Command"],
  },
  playerCommands: {
    server: "nats",
    address: subjects.playerCommand(REALM),
    about:
      "What a story engine says for a player, with `Nats-Msg-Id: p.<user>.<idempotency_key>`; at most 32 KiB. Receipts and " +
      "daily activity are archived and change nothing of the world. Another kind is rejected as `forbidden_kind`.",
    receives: ["PlayerCommand"],
  },
  validCandidates: {
    server: "nats",
    address: subjects.validCandidate(REALM),
    about: "Candidates that passed the gate.",
    sends: ["ValidCandidate"],
    bundled: true,
  },
  validCommands: {
    server: "nats",
    address: subjects.validCommand(REALM),
    about: "Commands that passed the gate.",
    sends: ["ValidCommand"],
    bundled: true,
  },
  refused: {
    server: "nats",
    address: subjects.ingestRejected(REALM),
    about: "What didn't pass the gate, and why.",
    sends: ["IngestRejection"],
    bundled: true,
  },
  accepted: {
    server: "nats",
    address: subjects.accepted(REALM),
    about: "Decisions that count.",
    sends: ["Accepted"],
    bundled: true,
  },
  quarantined: {
    server: "nats",
    address: subjects.quarantined(REALM),
    about: "Decisions that wait for a person.",
    sends: ["Quarantined"],
    bundled: true,
  },
  rejected: {
    server: "nats",
    address: subjects.rejected(REALM),
    about: "Decisions that count nothing.",
    sends: ["Rejected"],
    bundled: true,
  },
  commands: {
    server: "nats",
    address: subjects.command(REALM),
    about: "Commands with what became of them.",
    sends: ["DecidedCommand"],
    bundled: true,
  },
  handovers: {
    server: "nats",
    address: subjects.handover(REALM),
    about:
      "The last state that an earlier engine left, before the first marker that a later one plays from it.",
    sends: ["Handover"],
  },
  tickMarkers: {
    server: "nats",
    address: subjects.tickMarker(REALM),
    about: "Everything before it in the stream belongs to its tick; its timestamp is the tick's time.",
    sends: ["TickMarker"],
  },
  ticks: {
    server: "nats",
    address: subjects.tick(REALM),
    about: "A link of the realm's hash chain.",
    sends: ["TickRecord"],
  },
  deltas: {
    server: "nats",
    address: subjects.delta(REALM),
    about: "What a tick changed of the public state (RFC 7396), and what it made happen.",
    sends: ["WorldDelta"],
  },
  notices: {
    server: "nats",
    address: subjects.notices(REALM),
    about: "What a tick tells single players, in parts of at most 256 KiB.",
    sends: ["NoticesPart"],
  },
  settledCommands: {
    server: "nats",
    address: subjects.settledCommands(REALM),
    about: "What became of the commands that a tick decided, votes included, in parts of at most 256 KiB.",
    sends: ["SettledCommandsPart"],
  },
  snapshots: {
    server: "nats",
    address: subjects.snapshot(REALM),
    about: "The whole state after the last tick; the stream keeps one.",
    sends: ["WorldSnapshot"],
  },
  positions: {
    server: "nats",
    address: subjects.position("{stage}", REALM),
    about: "How far a stage has read, in one atomic batch with what it wrote; the stream keeps one.",
    sends: ["Position"],
  },
  pulses: {
    server: "nats",
    address: subjects.pulse(REALM),
    about: "Pressure between ticks, at most once a second, on core NATS: not stored anywhere.",
    sends: ["Pulse"],
  },
  feed: {
    server: "feed",
    address: `/feed/${REALM}`,
    about:
      "The realm's feed over WebSocket, msgpack maps: `?since=<epoch>:<tick>` goes on from there, `?token=` adds the player's " +
      "own notices. Close codes from 4000 mean: come back with `since`; from 4500: don't. All that a client may say is a new " +
      "token before the old one expires, as JSON text.",
    sends: ["SnapshotFrame", "DeltaFrame", "PulseFrame", "NoticeFrame", "ResyncFrame", "AliveFrame"],
    receives: ["TokenMessage"],
  },
} satisfies Record<string, Channel>;
