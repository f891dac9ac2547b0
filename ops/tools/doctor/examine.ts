/** What is wrong with a realm, and what to do: its streams, positions, cache, snapshot, chain, archive, and what its processes say. */

import { ingestStage } from "../../../ingest/gate/stage.ts";
import { normalizerStage } from "../../../normalizer/stage.ts";
import { whyNot } from "../../../shared/past/checkpoints.ts";
import { Watermark } from "../../../shared/stage/cache.ts";
import { recordIn, snapshotIn } from "../../../shared/stream/bodies.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { countFrom } from "../../../shared/stream/consumer.ts";
import { lastOf, streamEnds } from "../../../shared/stream/last-message.ts";
import { REFUSED } from "../../../shared/stream/publish.ts";
import {
  eventsStream,
  rawStream,
  subjects,
  validStream,
  worldStream,
} from "../../../shared/stream/subjects.ts";
import { kvSubject } from "../../../shared/stream/topology.ts";
import type { Database } from "../../../simulator/archive/database/database.ts";
import { simulatorStage } from "../../../simulator/stage.ts";
import type { Finding } from "./finding.ts";
import { type Foreign, foreignIn, readThrough } from "./foreign.ts";
import { sayings } from "./processes.ts";

export type Examined = { findings: Finding[]; foreign: Foreign[] };

const STAGES = [ingestStage, normalizerStage, simulatorStage] as const;

/** `database`: the archive's, where it can be reached. `whole`: looks for foreign messages among what is consumed already, too. */
export async function examine(
  bus: Bus,
  realm: string,
  { database, whole = false }: { database?: Database; whole?: boolean } = {},
): Promise<Examined> {
  const missing: Finding[] = [];
  for (const stream of [rawStream, validStream, eventsStream, worldStream].map((of) => of(realm))) {
    const there = await streamEnds(bus, stream).catch((error: { code?: number }) => {
      if (error.code !== REFUSED.streamNotFound) throw error;
      return undefined;
    });
    if (there === undefined)
      missing.push({
        place: stream,
        says: "is missing",
        todo: "restore it from a backup, or make the realm anew",
      });
  }
  if (missing.length > 0) return { findings: missing, foreign: [] };

  const foreign: Foreign[] = [];
  const from = await unconsumed(bus, realm, whole);
  for (const [stream, seq] of from) foreign.push(...(await foreignIn(bus, realm, stream, seq)));
  const findings = [
    ...(await positions(bus, realm)),
    ...(await cache(bus, realm)),
    ...(await world(bus, realm)),
    ...(database === undefined
      ? [{ place: "archive", says: "was not looked at: no Postgres is known" }]
      : await archive(bus, realm, database)),
    ...(await sayings(bus, realm)),
  ];
  for (const { stream, seq, subject, why } of foreign)
    findings.push({
      place: `${stream}:${seq}`,
      says: `on ${subject} is foreign: ${why}`,
      todo: `look who may write there; take it out: npm run doctor -- --realm ${realm} --remove ${stream}:${seq}`,
    });
  return { findings, foreign };
}

/** Where to look for foreign messages: behind what is consumed, and all of WORLD, whose ticks have to follow each other. */
async function unconsumed(bus: Bus, realm: string, whole: boolean): Promise<[string, number][]> {
  const through = async (stage: (typeof STAGES)[number]): Promise<number> =>
    whole ? 0 : ((await readThrough(bus, realm, stage.name, stage.outputStream(realm)))?.through ?? 0);
  return [
    [validStream(realm), (await through(normalizerStage)) + 1],
    [eventsStream(realm), (await through(simulatorStage)) + 1],
    [worldStream(realm), 1],
  ];
}

async function positions(bus: Bus, realm: string): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const stage of STAGES) {
    const { stream, subjects: names } = stage.input(realm);
    const output = stage.outputStream(realm);
    const place = `position of ${stage.name}`;
    const at = await readThrough(bus, realm, stage.name, output);
    const ends = await streamEnds(bus, stream);
    const wrong = (says: string, todo: string) => found.push({ place, says, todo });
    if (at === undefined)
      wrong(
        `is missing from ${output}, or the last message on its subject is none`,
        `where a foreign message hides it, take that out; otherwise restore ${output} from a backup${stage.name === "simulator" ? `, or npm run replay -- --realm ${realm} --rebuild` : ""}`,
      );
    else if (at.input_created !== ends.created)
      wrong(
        `counts in the ${stream} of ${at.input_created}, which is of ${ends.created} now`,
        "restore the stream",
      );
    else if (at.through > ends.lastSeq)
      wrong(`is at ${at.through}, but ${stream} ends at ${ends.lastSeq}`, "restore the end of the stream");
    else if (ends.firstSeq > at.through + 1)
      wrong(
        `is at ${at.through}, but ${stream} begins at ${ends.firstSeq}`,
        "restore the beginning of the stream",
      );
    else {
      const lag = await countFrom(bus, stream, names, at.through + 1);
      const between = stage.name === "simulator" ? ", which include what waits for the next tick" : "";
      found.push({
        place,
        says: `is at ${at.through} of ${stream}; ${lag} messages come after it${between}`,
      });
    }
  }
  return found;
}

async function cache(bus: Bus, realm: string): Promise<Finding[]> {
  const place = "cache of normalizer (KV caps)";
  const stored = await lastOf(bus, "KV_caps", kvSubject("caps", `${realm}.r.flushed`)).catch(() => undefined);
  const at = await readThrough(bus, realm, "normalizer", eventsStream(realm));
  if (stored === undefined)
    return [
      { place, says: "has no watermark: the next start folds every decision again, which takes longer" },
    ];
  const said = Watermark.safeParse(jsonIn(stored.text()));
  if (!said.success)
    return [{ place, says: "has a watermark that can't be read: the next start folds every decision again" }];
  const behind = at === undefined ? "" : `, ${at.seq - said.data.through} messages behind the position`;
  return [{ place, says: `holds the state up to ${said.data.through} of EVENTS${behind}` }];
}

async function world(bus: Bus, realm: string): Promise<Finding[]> {
  const stream = worldStream(realm);
  const [tick, snap] = [subjects.tick(realm), subjects.snapshot(realm)];
  const [record, snapshot] = [await lastOf(bus, stream, tick), await lastOf(bus, stream, snap)];
  const rebuild = `npm run replay -- --realm ${realm} --rebuild makes WORLD anew from EVENTS`;
  const mends = "the simulator computes it again when it starts: restart it";
  if (record === undefined) return [{ place: stream, says: "holds no tick record", todo: rebuild }];
  try {
    const last = recordIn({ ...record, subject: tick });
    if (snapshot === undefined) return [{ place: `snapshot in ${stream}`, says: "is missing", todo: mends }];
    const problem = whyNot(snapshotIn({ ...snapshot, subject: snap }, realm), last);
    return [
      problem === undefined
        ? { place: stream, says: `is at tick ${last.tick}, and its snapshot is that tick's` }
        : { place: `snapshot in ${stream}`, says: problem, todo: mends },
    ];
  } catch (error) {
    return [{ place: stream, says: (error as Error).message, todo: mends }];
  }
}

async function archive(bus: Bus, realm: string, database: Database): Promise<Finding[]> {
  const query = "SELECT stream, created, through FROM archive_positions WHERE realm_id = $1 ORDER BY stream";
  try {
    const { rows } = await database.query<{ stream: string; created: string; through: number }>(query, [
      realm,
    ]);
    if (rows.length === 0)
      return [
        {
          place: "archive",
          says: "doesn't know the realm",
          todo: "is the archive running? It enters realms by itself",
        },
      ];
    const found: Finding[] = [];
    for (const { stream, created, through } of rows) {
      const ends = await streamEnds(bus, stream);
      const place = `archive of ${stream}`;
      const todo = "restore the stream, or npm run archive:rebuild";
      if (ends.created !== created) found.push({ place, says: `is of the stream of ${created}`, todo });
      else if (through > ends.lastSeq)
        found.push({ place, says: `is at ${through}, but the stream ends at ${ends.lastSeq}`, todo });
      else if (ends.firstSeq > through + 1)
        found.push({ place, says: `is at ${through}, but the stream begins at ${ends.firstSeq}`, todo });
      else found.push({ place, says: `is at ${through} of ${ends.lastSeq}` });
    }
    return found;
  } catch (error) {
    return [
      { place: "archive", says: `can't be read: ${(error as Error).message}`, todo: "is Postgres running?" },
    ];
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
