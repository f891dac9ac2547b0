import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import * as given from "../../simulator/testing/builders.ts";
import { ForeignMessage } from "../stage/refusal.ts";
import {
  candidatesIn,
  commandsIn,
  decidedIn,
  decisionsIn,
  deltaIn,
  type Message,
  markerIn,
  movingCommandsIn,
  recordIn,
  rejectionsIn,
  settledCommandsIn,
  snapshotIn,
} from "./bodies.ts";
import { textOf } from "./codec.ts";
import { subjects } from "./subjects.ts";

const REALM = given.REALM;
const message = (subject: string, text: string): Message => ({
  subject,
  seq: 7,
  data: new TextEncoder().encode(text),
});

const accepted = given.accepted({});
const command = given.decided({ kind: "realm.status", payload: { status: "maintenance" } });
const marker = { realm: REALM, tick: 3, kind: "scheduled" };
const record = {
  tick: 3,
  kind: "scheduled",
  from_seq: 1,
  through_seq: 2,
  at: "2026-01-01T00:00:00.000Z",
  engine: 1,
  ruleset_version: 1,
  factions: {},
  events: [],
  prev_hash: "a",
  public_hash: "b",
  private_hash: "c",
  hash: "d",
};
const delta = {
  realm: REALM,
  tick: 3,
  prev: "a",
  hash: "b",
  patch: {},
  events: [{ tick: 3, n: 1, kind: "flip" }],
};
const snapshot = {
  realm: REALM,
  tick: 3,
  public_hash: "a",
  record_hash: "b",
  through_seq: 9,
  state: { public: {}, private: {} },
};
const settled = {
  realm: REALM,
  tick: 3,
  part: 1,
  parts: 1,
  commands: [{ id: "a", status: "refused", reason: "no_seat" }],
};
const rejection = { kind: "candidate", reason: "stale", received_at: "2026-01-01", source_seq: 3 };

/** Each reader with a body that it takes, and the fields of it that somebody reads. */
const READERS: {
  name: string;
  read: (text: string) => unknown;
  body: object;
  bundled: boolean;
  needs: string[];
}[] = [
  {
    name: "candidates of VALID",
    read: (text) => candidatesIn(message(subjects.validCandidate(REALM), text), REALM, text),
    body: accepted,
    bundled: true,
    needs: ["realm_id", "idempotency_key", "received_at", "source_seq", "event_id", "user_id", "faction_id"],
  },
  {
    name: "commands of VALID",
    read: (text) => commandsIn(message(subjects.validCommand(REALM), text), REALM),
    body: command,
    bundled: true,
    needs: [
      "realm_id",
      "idempotency_key",
      "received_at",
      "source_seq",
      "command_id",
      "kind",
      "actor",
      "payload",
    ],
  },
  {
    name: "rejections of VALID",
    read: (text) => rejectionsIn(message(subjects.ingestRejected(REALM), text)),
    body: rejection,
    bundled: true,
    needs: ["kind", "reason", "received_at", "source_seq"],
  },
  {
    name: "accepted decisions",
    read: (text) => decisionsIn(message(subjects.accepted(REALM), text), REALM, "accepted"),
    body: accepted,
    bundled: true,
    needs: [
      "realm_id",
      "received_at",
      "event_id",
      "user_id",
      "faction_id",
      "normalized_points",
      "event_type",
      "validity_status",
    ],
  },
  {
    name: "decided commands",
    read: (text) => decidedIn(message(subjects.command(REALM), text), REALM),
    body: command,
    bundled: true,
    needs: ["realm_id", "received_at", "source_seq", "command_id", "kind", "actor", "payload", "status"],
  },
  {
    name: "commands that move the world",
    read: (text) => movingCommandsIn(message(subjects.command(REALM), text), REALM),
    body: command,
    bundled: true,
    needs: ["realm_id", "received_at", "source_seq", "command_id", "kind", "actor", "payload", "status"],
  },
  {
    name: "markers",
    read: (text) => markerIn(message(subjects.tickMarker(REALM), text), REALM),
    body: marker,
    bundled: false,
    needs: ["realm", "tick", "kind"],
  },
  {
    name: "records",
    read: (text) => recordIn(message(subjects.tick(REALM), text)),
    body: record,
    bundled: false,
    needs: Object.keys(record),
  },
  {
    name: "deltas",
    read: (text) => deltaIn(message(subjects.delta(REALM), text), REALM),
    body: delta,
    bundled: false,
    needs: Object.keys(delta),
  },
  {
    name: "what became of commands",
    read: (text) => settledCommandsIn(message(subjects.settledCommands(REALM), text), REALM),
    body: settled,
    bundled: false,
    needs: ["realm", "tick", "part", "parts", "commands"],
  },
  {
    name: "snapshots",
    read: (text) => snapshotIn(message(subjects.snapshot(REALM), text), REALM),
    body: snapshot,
    bundled: false,
    needs: Object.keys(snapshot),
  },
];

for (const { name, read, body, bundled, needs } of READERS) {
  const wrapped = (value: unknown) => JSON.stringify(bundled ? [value] : value);

  test(`${name}: what is right is taken`, () => {
    expect(() => read(wrapped(body))).not.toThrow();
  });

  test(`${name}: a body that lacks a field that somebody reads, or has it of another type, is foreign`, () => {
    for (const field of needs)
      for (const value of [undefined, null, true, { other: 1 }, [["other"]]]) {
        if (field === "patch" && typeof value === "object" && value !== null && !Array.isArray(value))
          continue;
        if (
          ["factions", "payload", "actor", "state"].includes(field) &&
          JSON.stringify(value) === '{"other":1}'
        )
          continue;
        const text = wrapped({ ...body, [field]: value });
        expect(() => read(text), text).toThrow(ForeignMessage);
      }
  });

  test(`${name}: bytes and JSON of any kind are taken or foreign, and nothing else happens`, () => {
    const said = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => textOf(bytes)),
      fc.json(),
      fc.jsonValue().map(wrapped),
      fc
        .dictionary(fc.constantFrom(...needs), fc.jsonValue())
        .map((changed) => wrapped({ ...body, ...changed })),
    );
    fc.assert(
      fc.property(said, (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ForeignMessage);
          expect((error as ForeignMessage).place?.seq).toBe(7);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  if (bundled)
    test(`${name}: a bundle has 1 to 50 bodies`, () => {
      for (const count of [0, 51])
        expect(() => read(JSON.stringify(Array(count).fill(body))), `${count}`).toThrow(ForeignMessage);
      expect(() => read(JSON.stringify(Array(50).fill(body)))).not.toThrow();
    });
}

test("a command that moves the world has the payload of its kind, unless it was refused", () => {
  const read = (change: object) =>
    movingCommandsIn(message(subjects.command(REALM), JSON.stringify([{ ...command, ...change }])), REALM);
  expect(() => read({ payload: { status: "asleep" } })).toThrow(ForeignMessage);
  expect(() => read({ kind: "world.end" })).toThrow(ForeignMessage);
  expect(() => read({ kind: "world.end", status: "refused" })).not.toThrow();
});
