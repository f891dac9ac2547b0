/** The internal API: candidates, commands, ticks and realms over HTTP, for those that don't speak NATS. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { serializerCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Bus } from "../shared/bus.ts";
import { checkRuleset } from "../shared/check-ruleset.ts";
import { Candidate, MAX_CANDIDATE_BYTES } from "../shared/contracts/candidate.ts";
import { Command } from "../shared/contracts/command.ts";
import { Id, IdempotencyKey } from "../shared/contracts/ids.ts";
import { fieldProblems, PROBLEM_JSON, type Problem, problem } from "../shared/contracts/problem.ts";
import { Ruleset } from "../shared/contracts/ruleset.ts";
import type { Env } from "../shared/env.ts";
import { commandId, eventId } from "../shared/identity.ts";
import type { Log } from "../shared/log.ts";
import { provisionRealm } from "../shared/provision.ts";
import { loadRuleset } from "../shared/rulesets.ts";
import { candidateMsgId, subjects } from "../shared/subjects.ts";
import { explainRoutes } from "./api/explain.ts";
import { keyConflict, Parts } from "./api/parts.ts";
import { problemOf, Refused } from "./api/problems.ts";
import { quarantineRoutes } from "./api/quarantine.ts";
import { Unavailable } from "./gateway.ts";
import { FUTURE_AFTER_MS, STALE_AFTER_MS } from "./validate.ts";

export const MAX_ITEMS = 1_000;
const TICK_TIMEOUT_MS = 30_000;
const RETRY_AFTER_SECONDS = 2;

export const NewRealm = z.strictObject({
  realm_id: Id,
  name: z.string().min(1).max(64),
  ruleset: Ruleset.optional(),
});
export const RunTick = z.strictObject({ realm_id: Id, idempotency_key: IdempotencyKey });

/** What the API needs to know of the realms. */
export type Realms = { has(realm: string): boolean };

/** One item's answer. */
type Result =
  | { status: 202; event_id: string; duplicate: boolean; earliest_tick: number }
  | { status: number; problem: Problem };

export function internalApi(
  server: FastifyInstance,
  parts: { bus: Bus; env: Env; log: Log; realms: Realms },
): void {
  const { bus, env, log, realms } = parts;
  const shared = new Parts({ bus, env, log, realms });
  const { gateway, ticks } = shared;

  server.setErrorHandler((error, _request, reply) => send(reply, problemOf(error, log)));
  server.setNotFoundHandler((_request, reply) => send(reply, problem(404, "no such resource")));
  server.register(async (api) => {
    api.addHook("onRequest", async (request) => authorize(request, env.INTERNAL_TOKEN));

    const bodyLimit = MAX_ITEMS * (MAX_CANDIDATE_BYTES + 2);
    api.post("/internal/world/impact-candidate", { bodyLimit }, async (request, reply) => {
      const { body } = request;
      if (!Array.isArray(body)) {
        const result = await submit(body);
        if ("problem" in result) return send(reply, result.problem);
        const { status, ...answer } = result;
        return reply.code(status).send(answer);
      }
      if (body.length > MAX_ITEMS)
        return send(reply, problem(413, `at most ${MAX_ITEMS} candidates at once`));
      return { results: await Promise.all(body.map(submit)) };
    });

    api.post("/internal/world/events/ingest", async (request, reply) => {
      const command = parse(Command, request.body);
      const { duplicate } = await shared.submitCommand(command);
      const command_id = commandId(command.realm_id, command.idempotency_key);
      return reply.code(202).send({ command_id, duplicate });
    });

    api.post("/internal/world/tick/run", async (request) => {
      const { realm_id, idempotency_key } = parse(RunTick, request.body);
      const { seq } = await shared.submitCommand({
        v: 1,
        idempotency_key,
        realm_id,
        kind: "tick.run",
        actor: { type: "gm", id: "internal-api" },
        payload: {},
      });
      const answer = await ticks.answerTo({ realm: realm_id, key: idempotency_key, seq }, TICK_TIMEOUT_MS);
      switch (answer.kind) {
        case "ticked":
          return { realm_id, tick: answer.tick, hash: answer.hash };
        case "refused":
          throw new Refused(409, `the realm refused the tick: ${answer.reason}`);
        case "timeout":
          throw new Unavailable("the tick is asked for but not committed yet: ask again with the same key");
        default:
          return answer satisfies never;
      }
    });

    api.post("/internal/world/realms", async (request, reply) => {
      const { realm_id, name, ruleset } = parse(NewRealm, request.body);
      const rules = ruleset ?? (await loadRuleset("amoi-1"));
      const problems = checkRuleset(rules);
      if (problems.length > 0)
        throw new Refused(
          400,
          problems[0]!,
          problems.map((message) => ({ path: "ruleset", message })),
        );
      const { created } = await provisionRealm(bus, {
        realm: realm_id,
        name,
        ruleset: rules,
        replicas: env.AMOI_REPLICAS,
        rawMaxBytes: env.AMOI_RAW_MAX_BYTES,
      });
      if (!created) throw new Refused(409, `realm ${realm_id} exists`);
      return reply.code(201).send({ realm_id, name });
    });

    const described = api.withTypeProvider<ZodTypeProvider>();
    described.setValidatorCompiler<z.ZodType>(({ schema }) => (value) => {
      const parsed = schema.safeParse(value);
      return parsed.success ? { value: parsed.data } : { error: schemaRefused(parsed.error) };
    });
    described.setSerializerCompiler(serializerCompiler);
    quarantineRoutes(described, shared);
    explainRoutes(described, shared);
  });

  /** One candidate, checked as ingest checks it, so that what ingest would reject is answered here. */
  async function submit(body: unknown): Promise<Result> {
    try {
      const candidate = parse(Candidate, body);
      const { realm_id: realm, user_id, idempotency_key } = candidate;
      if (Buffer.byteLength(JSON.stringify(candidate)) > MAX_CANDIDATE_BYTES)
        throw new Refused(413, `a candidate has at most ${MAX_CANDIDATE_BYTES} bytes`);
      shared.assertRealm(realm);
      assertFresh(candidate);
      const submitted = await gateway.submit({
        realm,
        subject: subjects.rawCandidate(realm),
        msgId: candidateMsgId(user_id, idempotency_key),
        body: candidate,
      });
      if (submitted.kind === "conflict") throw keyConflict();
      const event_id = eventId(realm, user_id, idempotency_key);
      return {
        status: 202,
        event_id,
        duplicate: submitted.duplicate,
        earliest_tick: await ticks.earliest(realm),
      };
    } catch (error) {
      const refusal = problemOf(error, log);
      return { status: refusal.status, problem: refusal };
    }
  }
}

function assertFresh(candidate: Candidate): void {
  const aheadMs = Date.parse(candidate.occurred_at) - Date.now();
  const wrong = (message: string) => new Refused(400, message, [{ path: "occurred_at", message }]);
  if (aheadMs < -STALE_AFTER_MS) throw wrong("stale: occurred more than 24 h ago");
  if (!(aheadMs <= FUTURE_AFTER_MS)) throw wrong("future: occurs more than 5 min from now");
}

/** Throws `Refused` with every field that is wrong. */
function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw schemaRefused(parsed.error);
}

function schemaRefused(error: z.ZodError): Refused {
  const errors = fieldProblems(error);
  return new Refused(400, `${errors[0]!.path}: ${errors[0]!.message}`, errors);
}

/** Compares digests in constant time, so that neither length nor prefix of the token shows. */
function authorize(request: FastifyRequest, token: string): void {
  const given = request.headers.authorization ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(given), digest(`Bearer ${token}`)))
    throw new Refused(401, "a bearer token is required");
}

function send(reply: FastifyReply, answer: Problem): FastifyReply {
  if (answer.status === 503) reply.header("retry-after", RETRY_AFTER_SECONDS);
  if (answer.status === 401) reply.header("www-authenticate", "Bearer");
  return reply.code(answer.status).type(PROBLEM_JSON).send(answer);
}
