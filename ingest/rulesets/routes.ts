/** A realm's rulesets: the one in force, those before it, what changed between them, and a new one. */
import { randomUUID } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { Actor, MAX_COMMAND_BYTES, Note } from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { canonical } from "../../shared/exact/canonical.ts";
import { commandId } from "../../shared/exact/identity.ts";
import { checkRuleset } from "../../shared/world/check-ruleset.ts";
import { gameMaster } from "../api/actor.ts";
import { ANSWER_TIMEOUT_MS, type Api, type ApiContext, keyConflict, RealmPath } from "../api/api-context.ts";
import { headerKey, KeyHeader } from "../api/idempotency.ts";
import { Refused, refusals, wrongField } from "../api/problems.ts";
import { assertRuns } from "../gateway/assert-runs.ts";
import { awaitDecision } from "../gateway/await-decision.ts";
import { Unavailable } from "../gateway/gateway.ts";
import { differences } from "./diff.ts";
import type { RulesetVersion } from "./versions.ts";

const Version = z.int().min(1).max(1_000_000_000);
const VersionText = z.coerce.number().int().min(1).max(1_000_000_000);
const about = { version: Version, at: z.string(), actor: Actor, note: Note.optional() };
const Described = z.strictObject({ realm_id: Id, ...about, ruleset: Ruleset });
const Listed = z.strictObject({ ...about, changed: z.int().min(0) });
const Difference = z.strictObject({
  path: z.string(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
});
const InForce = z
  .strictObject({ realm_id: Id, version: Version, command_id: z.string() })
  .describe("The ruleset is in force");

const SetHeaders = KeyHeader.extend({
  "if-match": z
    .string()
    .optional()
    .describe("The version that must be in force, as its ETag; another one is a 409"),
});

const PATH = "/internal/world/:realm/ruleset";
const tags = ["rulesets"];

export function rulesetRoutes(api: Api, parts: ApiContext): void {
  api.get(PATH, {
    config: { scope: "read" },
    schema: {
      tags,
      summary: "The ruleset in force, or the one of an older version; its ETag is its version",
      params: RealmPath,
      querystring: z.strictObject({ version: VersionText.optional() }),
      response: { 200: Described, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm }, query }, reply) => {
      const { command_id: _, ...found } = versionOf(await versionsOf(realm), query.version);
      return reply.header("etag", `"${found.version}"`).send({ realm_id: realm, ...found });
    },
  });

  api.put(PATH, {
    config: { scope: "operate" },
    bodyLimit: MAX_COMMAND_BYTES,
    schema: {
      tags,
      summary: "Sets a ruleset, and answers when the normalizer has decided it",
      params: RealmPath,
      querystring: z.strictObject({ note: Note.optional() }),
      headers: SetHeaders,
      body: Ruleset,
      response: { 200: InForce, ...refusals(400, 404, 409, 413, 415, 422, 429) },
    },
    handler: (request) => setRuleset(request, request.params.realm, request.body, request.query.note),
  });

  api.get(`${PATH}/history`, {
    config: { scope: "read" },
    schema: {
      tags,
      summary: "Every version, oldest first, with how many leaves it changed of the one before",
      params: RealmPath,
      response: { 200: z.array(Listed), ...refusals(400, 404) },
    },
    handler: async ({ params: { realm } }) => {
      const versions = await versionsOf(realm);
      return versions.map(({ ruleset, command_id: _, ...listed }, i) => {
        const before = versions[i - 1]?.ruleset ?? ruleset;
        return { ...listed, changed: differences(before, ruleset).length };
      });
    },
  });

  api.get(`${PATH}/diff`, {
    config: { scope: "read" },
    schema: {
      tags,
      summary: "The leaves that differ between two versions; `from` or `to` is absent where the leaf is",
      params: RealmPath,
      querystring: z.strictObject({ from: VersionText, to: VersionText }),
      response: { 200: z.array(Difference), ...refusals(400, 404) },
    },
    handler: async ({ params: { realm }, query: { from, to } }) => {
      const versions = await versionsOf(realm);
      return differences(versionOf(versions, from).ruleset, versionOf(versions, to).ruleset);
    },
  });

  api.post(`${PATH}/rollback`, {
    config: { scope: "operate" },
    schema: {
      tags,
      summary: "Sets the ruleset of an older version again, as a new version",
      params: RealmPath,
      headers: SetHeaders,
      body: z.strictObject({ version: Version, note: Note.optional() }),
      response: { 200: InForce, ...refusals(400, 404, 409, 415, 422, 429) },
    },
    handler: async (request) => {
      const { version, note } = request.body;
      const { realm } = request.params;
      const { ruleset } = versionOf(await versionsOf(realm), version);
      return setRuleset(request, realm, ruleset, note ?? `back to version ${version}`);
    },
  });

  async function versionsOf(realm: string): Promise<readonly RulesetVersion[]> {
    parts.assertRealm(realm);
    return parts.rulesets.of(realm);
  }

  /** The answer to a key that was used before is the first one, for as long as EVENTS has it. */
  async function setRuleset(
    request: FastifyRequest,
    realm: string,
    ruleset: Ruleset,
    note: string | undefined,
  ): Promise<z.infer<typeof InForce>> {
    assertHoldsTogether(ruleset);
    const key = headerKey(request) ?? randomUUID();
    const actor = gameMaster(request.caller);
    const command_id = commandId(realm, actor, key);
    const versions = await versionsOf(realm);
    const known = versions.find((version) => version.command_id === command_id);
    if (known !== undefined) {
      if (canonical([known.ruleset, known.note ?? ""]) !== canonical([ruleset, note ?? ""]))
        throw keyConflict();
      return { realm_id: realm, version: known.version, command_id };
    }
    assertInForce(request.headers["if-match"], versionOf(versions, undefined).version);
    await assertRuns(parts.bus, realm, ["ingest", "normalizer"]);
    const { seq } = await parts.submitCommand({
      v: 1,
      idempotency_key: key,
      realm_id: realm,
      kind: "ruleset.set",
      actor,
      payload: { ruleset, ...(note === undefined ? {} : { note }) },
    });
    const decided = await awaitDecision(parts.bus, { realm, seq }, ANSWER_TIMEOUT_MS);
    if (decided === undefined)
      throw new Unavailable(`the ruleset is sent but not decided yet: ask again with Idempotency-Key ${key}`);
    if (decided.status !== "applied" || decided.ruleset_version === undefined)
      throw new Refused(409, `the realm refused the ruleset: ${decided.reason ?? decided.status}`);
    return { realm_id: realm, version: decided.ruleset_version, command_id };
  }
}

/** The version asked for, or the last one. Throws a 404. */
function versionOf(versions: readonly RulesetVersion[], wanted: number | undefined): RulesetVersion {
  const found = wanted === undefined ? versions.at(-1) : versions.find(({ version }) => version === wanted);
  if (found === undefined) throw new Refused(404, `no ruleset of the realm has version ${wanted ?? 1}`);
  return found;
}

function assertInForce(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch === "*") return;
  const expected = /^(?:"(\d+)"|(\d+))$/.exec(ifMatch);
  if (expected === null) throw wrongField("If-Match", "is not a version");
  if (Number(expected[1] ?? expected[2]) !== version)
    throw new Refused(409, `version ${version} is in force, not ${expected[1] ?? expected[2]}`);
}

/** Throws a 400 with every reason why a ruleset that its schema lets through can't be in force. */
export function assertHoldsTogether(ruleset: Ruleset, prefix = ""): void {
  const reasons = checkRuleset(ruleset);
  if (reasons.length === 0) return;
  const errors = reasons.map((reason) => {
    const [, path, message] = /^([a-z0-9_.-]+): (.*)$/s.exec(reason) ?? [];
    return {
      path: [prefix, path].filter((part) => part).join("."),
      message: message ?? reason,
    };
  });
  throw new Refused(400, reasons[0]!, errors);
}
