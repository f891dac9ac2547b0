/** Shadow rules over HTTP: set them beside a realm's own, read what they would have changed, clear them. */
import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Bus, lastOf } from "../../shared/bus.ts";
import { checkRuleset } from "../../shared/check-ruleset.ts";
import { type Command, MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import { Id, IdempotencyKey } from "../../shared/contracts/ids.ts";
import {
  type FieldProblem,
  fieldProblems,
  PROBLEM_JSON,
  type ProblemStatus,
  problem,
} from "../../shared/contracts/problem.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { ShadowEntry, ShadowReport } from "../../shared/contracts/shadow.ts";
import { commandId } from "../../shared/identity.ts";
import { kvSubject } from "../../shared/topology.ts";

/** What the routes need of the API: `assertRealm` throws a 404, `submitCommand` what a command is refused for. */
export type ShadowParts = {
  bus: Bus;
  assertRealm(realm: string): void;
  submitCommand(command: Command): Promise<{ duplicate: boolean }>;
};

export const ShadowPath = z.strictObject({ realm: Id });
/** Makes a repeated request one command; without it each request is a command of its own. */
export const ShadowHeaders = z.object({ "idempotency-key": IdempotencyKey.optional() });
export const ShadowBody = Ruleset;
export const ShadowSubmitted = z.strictObject({ command_id: z.string(), duplicate: z.boolean() });
/** As of `through`: the normalizer writes it some seconds after the decisions that it counts, and at its end. */
export const ShadowAnswer = z.strictObject({ realm: Id, ...ShadowReport.shape });

type Asked<Kind> = Pick<Extract<Command, { kind: Kind }>, "realm_id" | "kind" | "payload">;

const PATH = "/internal/world/:realm/shadow";
const KEY_HEADER = "idempotency-key";

export function shadowRoutes(api: FastifyInstance, parts: ShadowParts): void {
  api.get(PATH, async (request, reply) => {
    const realm = realmOf(request);
    const found = await lastOf(parts.bus, "KV_caps", kvSubject("caps", `${realm}.r.shadow`));
    const entry = found && ShadowEntry.parse(JSON.parse(found.text()));
    if (entry === undefined || !("since" in entry))
      return refuse(
        reply,
        404,
        "no shadow rules run beside the realm's own, or they have judged nothing yet",
      );
    return { realm, ...entry } satisfies z.infer<typeof ShadowAnswer>;
  });

  api.put(PATH, { bodyLimit: MAX_COMMAND_BYTES }, async (request, reply) => {
    const realm = realmOf(request);
    const parsed = ShadowBody.safeParse(request.body);
    const errors = parsed.success
      ? checkRuleset(parsed.data).map(fieldProblemOf)
      : fieldProblems(parsed.error);
    if (!parsed.success || errors.length > 0) return refuse400(reply, errors);
    return submit(request, reply, { realm_id: realm, kind: "shadow.set", payload: { ruleset: parsed.data } });
  });

  api.delete(PATH, async (request, reply) =>
    submit(request, reply, { realm_id: realmOf(request), kind: "shadow.clear", payload: {} }),
  );

  function realmOf(request: FastifyRequest): string {
    const { realm } = request.params as { realm: string };
    parts.assertRealm(realm);
    return realm;
  }

  /** 202 with the command's id: it is on disk, and not decided yet. */
  async function submit(
    request: FastifyRequest,
    reply: FastifyReply,
    what: Asked<"shadow.set"> | Asked<"shadow.clear">,
  ): Promise<FastifyReply> {
    const headers = ShadowHeaders.safeParse(request.headers);
    if (!headers.success) return refuse400(reply, fieldProblems(headers.error));
    const idempotency_key = headers.data[KEY_HEADER] ?? randomUUID();
    const { duplicate } = await parts.submitCommand({
      v: 1,
      idempotency_key,
      actor: { type: "gm", id: "internal-api" },
      ...what,
    });
    const answer: z.infer<typeof ShadowSubmitted> = {
      command_id: commandId(what.realm_id, idempotency_key),
      duplicate,
    };
    return reply.code(202).send(answer);
  }
}

/** `influence.burst_min: above burst_max` with its path apart; reasons about no place have none. */
function fieldProblemOf(reason: string): FieldProblem {
  const [, path, message] = /^([a-z0-9_.-]+): (.*)$/s.exec(reason) ?? [];
  return { path: path ?? "", message: message ?? reason };
}

function refuse400(reply: FastifyReply, errors: FieldProblem[]): FastifyReply {
  const { path, message } = errors[0]!;
  return refuse(reply, 400, path === "" ? message : `${path}: ${message}`, errors);
}

const refuse = (
  reply: FastifyReply,
  status: ProblemStatus,
  detail: string,
  errors?: FieldProblem[],
): FastifyReply =>
  reply
    .code(status)
    .type(PROBLEM_JSON)
    .send(problem(status, detail, errors));
