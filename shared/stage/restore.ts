/** How a realm's run begins: at its position, with the state that follows from the output stream. */

import { Position } from "../contracts/position.ts";
import type { Bus } from "../stream/bus.ts";
import { Fence } from "../stream/fence.ts";
import { nextOf, type Stored, streamEnds } from "../stream/last-message.ts";
import { REFUSED } from "../stream/publish.ts";
import { Reader } from "../stream/reader.ts";
import { subjects } from "../stream/subjects.ts";
import { CACHE_TRUSTED_MS, Cache } from "./cache.ts";
import { CacheUnusable } from "./cache-unusable.ts";
import { ForeignMessage, foldOrRefuse, RealmRefused } from "./refusal.ts";
import type { Restoring, Stage } from "./stage.ts";

export type Restored<State> = {
  fence: Fence;
  position: Position;
  state: State;
  cache: Cache<State> | undefined;
  /** The input stream's time of creation, which the position counts in. */
  created: string;
};

type Parts = Pick<Restoring, "bus" | "realm" | "log" | "signal">;

/**
 * Throws `RealmRefused` where the streams contradict the position, and any error of the bus. `trusted: false` ignores the cache and
 * folds every decision again.
 */
export async function restoreRealm<State>(
  stage: Stage<State>,
  parts: Parts,
  trusted: boolean,
): Promise<Restored<State>> {
  const { bus, realm } = parts;
  const output = stage.outputStream(realm);
  const input = stage.input(realm);
  for (const stream of [input.stream, output]) await assertThere(bus, stream);
  const subject = subjects.position(stage.name, realm);
  const { fence, head } = await Fence.open(bus, output, subject);
  if (head === undefined)
    throw new RealmRefused(
      `${output} holds no position of ${stage.name}: provision the realm, or restore the stream`,
    );
  const position = positionIn(head);
  if (position === undefined) throw new ForeignMessage({ subject, seq: head.seq }, "it is no position");
  const created = await assertWithin(bus, input.stream, position);
  const restoring = { ...parts, position, positionSeq: head.seq };
  const { state, cache } =
    stage.cache === undefined
      ? { state: await stage.restore!(restoring), cache: undefined }
      : await restoreCached(stage, stage.cache, restoring, trusted);
  return { fence, position, state, cache, created };
}

/** The position in a head message, if it is one. */
export function positionIn(head: Stored): Position | undefined {
  try {
    return Position.safeParse(JSON.parse(head.text())).data;
  } catch {
    return undefined;
  }
}

async function assertThere(bus: Bus, stream: string): Promise<void> {
  await streamEnds(bus, stream).catch((error: { code?: number }) => {
    if (error.code !== REFUSED.streamNotFound) throw error;
    throw new RealmRefused(`there is no stream ${stream}: restore it from a backup`);
  });
}

/** The input is the stream that the position counts in, and has what comes after it. Answers when that stream was created. */
async function assertWithin(bus: Bus, stream: string, position: Position): Promise<string> {
  const ends = await streamEnds(bus, stream);
  if (ends.created !== position.input_created)
    throw new RealmRefused(
      `${stream} was created at ${ends.created}, but the position counts in the one of ${position.input_created}`,
    );
  if (position.through > ends.lastSeq)
    throw new RealmRefused(`${stream} ends at ${ends.lastSeq}, before the position ${position.through}`);
  if (ends.firstSeq > position.through + 1)
    throw new RealmRefused(`${stream} starts at ${ends.firstSeq}, after the position ${position.through}`);
  return ends.created;
}

type CacheParts<State> = NonNullable<Stage<State>["cache"]>;

/** From the cache where it is usable, else from all decisions. */
async function restoreCached<State>(
  stage: Stage<State>,
  parts: CacheParts<State>,
  restoring: Restoring,
  mayTrust: boolean,
): Promise<{ state: State; cache: Cache<State> }> {
  const { bus, realm, position, log } = restoring;
  const { stream, subjects: names } = stage.input(realm);
  const waiting = await Promise.all(names.map((name) => nextOf(bus, stream, name, position.through + 1)));
  const oldestMs = Math.min(...waiting.map((message) => message?.atMs ?? Number.POSITIVE_INFINITY));
  const trusted = mayTrust && oldestMs > Date.now() - CACHE_TRUSTED_MS;
  try {
    return await refold(stage, parts, restoring, trusted);
  } catch (error) {
    if (!(error instanceof CacheUnusable && trusted)) throw error;
    log.warn(
      { reason: error.message },
      "the cache can't be used; the state is folded again from the whole log",
    );
    return await refold(stage, parts, restoring, false);
  }
}

/** Entries from KV where they are trusted, then the decisions after the watermark. */
async function refold<State>(
  stage: Stage<State>,
  parts: CacheParts<State>,
  { bus, realm, positionSeq, signal }: Restoring,
  trusted: boolean,
): Promise<{ state: State; cache: Cache<State> }> {
  const state = parts.initial(realm);
  const labels = { stage: stage.name, realm };
  const cache = await Cache.restore(bus, parts.spec, labels, state, signal, trusted);
  const stream = stage.outputStream(realm);
  const ends = await streamEnds(bus, stream);
  if (cache.through > ends.lastSeq)
    throw new RealmRefused(
      `the cache includes ${stream} up to ${cache.through}, but it ends at ${ends.lastSeq}`,
    );
  const position = subjects.position(stage.name, realm);
  const reader = new Reader(bus, {
    stream,
    subjects: [...parts.subjects(realm), position],
    created: ends.created,
    from: Math.max(cache.through + 1, ends.firstSeq),
  });
  try {
    for (let read = cache.through; read < positionSeq; ) {
      for (const message of await reader.take(10_000, signal)) {
        read = message.seq;
        if (message.subject !== position && message.seq < positionSeq)
          foldOrRefuse(message, () => parts.refold(state, message));
      }
      signal.throwIfAborted();
    }
  } finally {
    await reader.close();
  }
  return { state, cache };
}
