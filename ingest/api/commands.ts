/** Commands: any of them by `events/ingest`, and `tick/run`, which waits for its tick. */
import { z } from "zod";
import { AskedCommand, type Command, MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import { Id, IdempotencyKey } from "../../shared/contracts/ids.ts";
import { withCounted } from "../explain/counted.ts";
import { assertRuns } from "../gateway/assert-runs.ts";
import { Unavailable } from "../gateway/gateway.ts";
import { AcceptedCommand, acceptCommand } from "./accepted-command.ts";
import { actorOf, gameMaster } from "./actor.ts";
import { ANSWER_TIMEOUT_MS, type Api, type ApiContext } from "./api-context.ts";
import { KeyHeader, takeHeaderKey } from "./idempotency.ts";
import { Refused, refusals } from "./problems.ts";

export function commandRoutes(api: Api, parts: ApiContext): void {
  api.post("/internal/world/events/ingest", {
    config: { scope: ["publish", "operate"] },
    bodyLimit: MAX_COMMAND_BYTES,
    schema: {
      tags: ["commands"],
      summary: "Sends a command; its decision comes on `events.command.<realm>`",
      description:
        "The server writes the actor: with `publish` the player whom the body names, for what players may say; with `operate` " +
        "a game master of the token's name. A body that claims another actor is a 403.",
      headers: KeyHeader,
      body: AskedCommand,
      response: {
        202: AcceptedCommand,
        ...refusals(400, 404, 409, 413, 415, 422, 429),
      },
    },
    preValidation: takeHeaderKey,
    handler: async ({ body, caller }, reply) => {
      const command: Command = { ...body, actor: actorOf(caller, body.kind, body.actor) };
      return acceptCommand(
        reply,
        command.realm_id,
        await parts.submitCommand(await withCounted(parts, command)),
      );
    },
  });

  api.post("/internal/world/tick/run", {
    config: { scope: "operate" },
    schema: {
      tags: ["commands"],
      summary: "Runs a tick that counts everything sent before, and answers when it is committed",
      headers: KeyHeader,
      body: z.strictObject({ realm_id: Id, idempotency_key: IdempotencyKey }),
      response: {
        200: z
          .strictObject({ realm_id: Id, tick: z.int().min(1), hash: z.string() })
          .describe("The committed tick, with its public hash"),
        ...refusals(400, 404, 409, 415, 422, 429),
      },
    },
    preValidation: takeHeaderKey,
    handler: async ({ body: { realm_id, idempotency_key }, caller }) => {
      parts.assertOpen(realm_id);
      const before = await parts.ticks.alreadyRun(realm_id, idempotency_key);
      if (before?.kind === "ticked") return { realm_id, tick: before.tick, hash: before.hash };
      await assertRuns(parts.bus, realm_id, ["ingest", "normalizer", "simulator"]);
      const { seq } = await parts.submitCommand({
        v: 1,
        idempotency_key,
        realm_id,
        kind: "tick.run",
        actor: gameMaster(caller),
        payload: {},
      });
      const command = { realm: realm_id, key: idempotency_key, seq };
      const answer = await parts.ticks.answerTo(command, ANSWER_TIMEOUT_MS);
      switch (answer.kind) {
        case "ticked":
          return { realm_id, tick: answer.tick, hash: answer.hash };
        case "refused":
          throw new Refused(409, `the realm refused the tick: ${answer.reason}`);
        case "timeout":
          throw new Unavailable(
            "the tick was requested but is not committed yet: repeat the request with the same key",
          );
        default:
          return answer satisfies never;
      }
    },
  });
}
