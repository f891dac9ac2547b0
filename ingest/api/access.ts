/**
 * Who may do what over HTTP. Each route declares its scope beside its schema; here it is held against the caller's token, before
 * anything else of the request is looked at. A route without a scope can't be registered.
 */
import { isIPv6 } from "node:net";
import type { FastifyRequest, RouteOptions } from "fastify";
import { Bearers } from "../../shared/auth/bearers.ts";
import { KeysUnavailable } from "../../shared/auth/oidc.ts";
import { type Caller, SCOPE_TEXT, type Scope } from "../../shared/auth/scopes.ts";
import type { Env } from "../../shared/process/env.ts";
import type { Log } from "../../shared/process/log.ts";
import { RateLimit } from "../../shared/process/rate-limit.ts";
import { Unavailable } from "../gateway/gateway.ts";
import type { Api } from "./api-context.ts";
import { Refused, refusals } from "./problems.ts";

/** `open`: without a token. `any`: with any token. Of several scopes one is enough. */
export type RouteScope = "open" | "any" | Scope | readonly Scope[];

declare module "fastify" {
  interface FastifyContextConfig {
    scope?: RouteScope;
  }
  interface FastifyRequest {
    /** On routes with a scope. */
    caller: Caller;
  }
}

/** Bodies are small where a route says nothing else. */
const BODY_LIMIT = 16 * 1024;
/** An answer that has not come by then is a 503: more than any of the waits within has, ms. */
const HANDLER_TIMEOUT_MS = 60_000;

/** Puts every route of `api` that is registered after this behind its scope. */
export function requireScopes(api: Api, env: Env, log: Log): void {
  const bearers = new Bearers(env, log);
  const ofTokens = new RateLimit("requests", env.AMOI_API_REQUESTS_PER_MINUTE);
  const ofTries = new RateLimit("tries", env.AMOI_API_TRIES_PER_MINUTE);
  api.addHook("onRoute", declareScope);

  api.addHook("onRequest", async (request) => {
    const caller = await bearers.callerOf(request.headers.authorization).catch((error: unknown) => {
      if (error instanceof KeysUnavailable) throw new Unavailable(error.message, { cause: error });
      throw error;
    });
    if ("refused" in caller) {
      if (!ofTries.take(addressOf(request.ip), performance.now()).allowed)
        throw new Refused(429, "this address sent too many requests without a valid token");
      throw new Refused(401, caller.refused);
    }
    if (!ofTokens.take(caller.name, performance.now()).allowed)
      throw new Refused(429, `too many requests of ${caller.name} within a minute`);
    assertScope(caller, request.routeOptions.config.scope);
    request.caller = caller;
  });

  // Wherever a route takes a realm from: what it names isn't looked up for those who may not touch it.
  api.addHook("preHandler", async ({ caller, params, body }: FastifyRequest) => {
    for (const [from, field] of [
      [params, "realm"],
      [body, "realm_id"],
    ] as const)
      if (typeof from === "object" && from !== null && field in from)
        assertMayTouch(caller, (from as Record<string, unknown>)[field]);
  });
}

/** Throws a 403 where the token is for other realms. */
export function assertMayTouch({ name, realms }: Caller, realm: unknown): void {
  if (realms !== undefined && typeof realm === "string" && !realms.has(realm))
    throw new Refused(403, `the token ${name} is not for realm ${realm.slice(0, 64)}`);
}

/** Throws a 403 that names what is missing. */
export function assertScope({ name, scopes }: Caller, needed: RouteScope | undefined): void {
  const wanted = scopesOf(needed);
  if (wanted.length === 0 || wanted.some((scope) => scopes.has(scope))) return;
  throw new Refused(403, `the token ${name} lacks the scope ${wanted.join(" or ")}`);
}

const scopesOf = (needed: RouteScope | undefined): readonly Scope[] =>
  needed === undefined || needed === "open" || needed === "any"
    ? []
    : typeof needed === "string"
      ? [needed]
      : needed;

/** Says the scope in the route's description, and gives its body a limit. */
function declareScope(route: RouteOptions): void {
  const scope = route.config?.scope;
  if (scope === undefined || scope === "open")
    throw new Error(`route ${route.method} ${route.url} declares no scope`);
  const needed = scopesOf(scope);
  route.bodyLimit ??= BODY_LIMIT;
  route.handlerTimeout ??= HANDLER_TIMEOUT_MS;
  const { response, description, ...schema }: Record<string, unknown> = { ...route.schema };
  const told =
    needed.length === 0
      ? "Any token may."
      : `Scope: ${needed.map((each) => `\`${each}\` (${SCOPE_TEXT[each]})`).join(" or ")}.`;
  route.schema = {
    ...schema,
    description: description === undefined ? told : `${description}\n\n${told}`,
    security: needed.length === 0 ? [{ token: [] }] : needed.map((each) => ({ token: [each] })),
    response: { ...refusals(401, 403, 429), ...(response as object) },
  };
}

/** An IPv4 address, or the /64 of an IPv6 one: a host that has one address of a /64 has all of them. */
function addressOf(ip: string): string {
  if (!isIPv6(ip) || ip.startsWith("::ffff:")) return ip;
  const [head = "", tail = ""] = ip.split("%")[0]!.split("::");
  const [before, after] = [head, tail].map((part) => part.split(":").filter(Boolean)) as [string[], string[]];
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
