/** A provisioned realm for tests, with candidates to send and stages that run in the test's own process. */

import { setTimeout as delay } from "node:timers/promises";
import { ingestStage } from "../../ingest/gate/stage.ts";
import { normalizerStage } from "../../normalizer/stage.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { readEnv } from "../../shared/process/env.ts";
import { openLog } from "../../shared/process/log.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import type { Stage } from "../../shared/stage/stage.ts";
import { StageRunner } from "../../shared/stage/stage-runner.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf, textOf } from "../../shared/stream/codec.ts";
import { type BatchAck, publishOne } from "../../shared/stream/publish.ts";
import { candidateMsgId, commandMsgId, subjects } from "../../shared/stream/subjects.ts";
import { SKIRMISH } from "../../shared/testing/candidate.ts";
import { simulatorStage } from "../../simulator/stage.ts";

/** Provisions `realm` with the first realm's rules, changed as told. */
export async function testRealm(
  bus: Bus,
  realm: string,
  change: Partial<Ruleset> = {},
  replicas = 1,
): Promise<Ruleset> {
  const ruleset = { ...(await loadRuleset("amoi-1")), ...change };
  await provisionRealm(bus, { realm, name: realm, ruleset, replicas, rawMaxBytes: 2 ** 28 });
  return ruleset;
}

let made = 0;

/** A candidate that is right in every field. */
export function candidate(realm: string, change: Partial<Candidate> = {}): Candidate {
  const { user_id = "ada" } = change;
  return {
    ...SKIRMISH,
    idempotency_key: `test-key-${++made}`,
    realm_id: realm,
    user_id,
    device_id: `phone-of-${user_id}`,
    occurred_at: new Date().toISOString(),
    ...change,
  };
}

/** Publishes to RAW as a story engine does. */
export const sendCandidate = (bus: Bus, body: Candidate): Promise<BatchAck> =>
  publishOne(bus, {
    subject: subjects.rawCandidate(body.realm_id),
    data: JSON.stringify(body),
    msgId: candidateMsgId(body.user_id, body.idempotency_key),
  });

/** Publishes a game master's command to RAW. */
export function sendCommand(
  bus: Bus,
  realm: string,
  kind: string,
  payload: object,
  key = `command-${++made}`,
) {
  const actor = { type: "gm", id: "tester" } as const;
  const body = { v: 1, idempotency_key: key, realm_id: realm, kind, actor, payload };
  return publishOne(bus, {
    subject: subjects.rawCommand(realm),
    data: JSON.stringify(body),
    msgId: commandMsgId(actor, key),
  });
}

export type Running = { stop(): Promise<void> };

/** Runs stages for one realm until `stop`. */
export function runStages(
  bus: Bus,
  realm: string,
  names: ("ingest" | "normalizer" | "simulator")[],
): Running {
  const stages = { ingest: ingestStage, normalizer: normalizerStage, simulator: simulatorStage };
  const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test");
  const stop = new AbortController();
  const done = names.map((name) =>
    new StageRunner(stages[name] as Stage<unknown>, bus, realm, `test-${name}-${++made}`, log).run(
      stop.signal,
    ),
  );
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(done);
    },
  };
}

/** Every body (bundles taken apart) of a stream whose subject starts with `prefix`, with its subject. */
export async function bodiesIn<Body>(
  bus: Bus,
  stream: string,
  prefix: string,
): Promise<{ subject: string; body: Body }[]> {
  const { state } = await bus.jsm.streams.info(stream);
  const found: { subject: string; body: Body }[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await bus.jsm.streams.getMessage(stream, { seq }).catch(() => null);
    if (message === null || !message.subject.startsWith(prefix)) continue;
    const bundled = textOf(message.data).startsWith("[");
    const bodies = bundled ? bodiesOf<Body>(message.data) : [JSON.parse(textOf(message.data)) as Body];
    for (const body of bodies) found.push({ subject: message.subject, body });
  }
  return found;
}

/** Waits until `ready`, at most so many seconds. */
export async function until<T>(ready: () => Promise<T | undefined | false>, seconds = 10): Promise<T> {
  for (const deadline = performance.now() + seconds * 1_000; performance.now() < deadline; await delay(20)) {
    const found = await ready();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`it did not happen within ${seconds} s`);
}
