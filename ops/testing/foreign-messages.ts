/** Messages that aren't what their subjects have, one for each way to be wrong, as somebody with the wrong rights might write them. */
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf, nextOf } from "../../shared/stream/last-message.ts";
import { eventsStream, streamOf, subjects } from "../../shared/stream/subjects.ts";

/** Stages that read a subject as they go, and so refuse the realm for what is foreign on it. */
export type Reading = "normalizer" | "simulator" | "broadcaster" | "archive";

type Subject = { subject: string; readBy: Reading[]; bundled: boolean };

/** Every subject that somebody follows. Positions and snapshots are read at a restore alone. */
export const followedSubjects = (realm: string): Subject[] => [
  { subject: subjects.validCandidate(realm), readBy: ["normalizer"], bundled: true },
  { subject: subjects.validCommand(realm), readBy: ["normalizer"], bundled: true },
  { subject: subjects.ingestRejected(realm), readBy: ["archive"], bundled: true },
  { subject: subjects.accepted(realm), readBy: ["simulator", "archive"], bundled: true },
  { subject: subjects.quarantined(realm), readBy: ["archive"], bundled: true },
  { subject: subjects.rejected(realm), readBy: ["archive"], bundled: true },
  { subject: subjects.command(realm), readBy: ["simulator", "archive"], bundled: true },
  { subject: subjects.tickMarker(realm), readBy: ["simulator", "archive"], bundled: false },
  { subject: subjects.tick(realm), readBy: ["broadcaster", "archive"], bundled: false },
  { subject: subjects.settledCommands(realm), readBy: ["archive"], bundled: false },
  { subject: subjects.delta(realm), readBy: ["broadcaster", "archive"], bundled: false },
  { subject: subjects.notices(realm), readBy: ["broadcaster"], bundled: false },
];

/** Bodies that are foreign on a subject, by what is wrong with them. Some are made of a right one, where the stream has one. */
export async function foreignOn(bus: Bus, { subject, bundled }: Subject): Promise<Map<string, string>> {
  const stream = streamOf(subject);
  const right = (await lastOf(bus, stream, subject)) ?? (await nextOf(bus, stream, subject, 1));
  const found = new Map([
    ["eight bytes", "\0\u0001\u0002abcde"],
    ["nothing", ""],
    ["a number", "7"],
    ["null", "null"],
    ["an empty bundle", "[]"],
    ["a bundle of a text", '["x"]'],
    ["another object", bundled ? '[{"hello":1}]' : '{"hello":1}'],
    ["a bare object", '{"v":1}'],
    ["51 bodies", JSON.stringify(Array.from({ length: 51 }, () => ({})))],
    ["cut in two", (right?.text() ?? '[{"v":1}').slice(0, -2)],
  ]);
  if (right === undefined) return found;
  if (bundled) {
    const [body] = JSON.parse(right.text()) as Record<string, unknown>[];
    found.set("of another realm", JSON.stringify([{ ...body, realm_id: "elsewhere" }]));
    if (stream === eventsStream(subject.split(".")[2]!))
      found.set("another verdict", JSON.stringify([{ ...body, validity_status: "maybe", status: "maybe" }]));
  } else {
    // A second time: a marker that isn't the next one, a record that doesn't continue the chain, a delta without a record.
    if (!subject.startsWith("world.notices")) found.set("said before", right.text());
    const body = JSON.parse(right.text()) as Record<string, unknown>;
    if ("realm" in body) found.set("of another realm", JSON.stringify({ ...body, realm: "elsewhere" }));
    if ("tick" in body) found.set("of a far tick", JSON.stringify({ ...body, tick: 1_000_000 }));
  }
  return found;
}
