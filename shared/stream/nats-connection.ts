/** How this process reaches NATS: addresses, who it is there, and TLS. */
import { readFileSync } from "node:fs";
import { type ConnectionOptions, credsAuthenticator } from "@nats-io/transport-node";
import { isLoopback } from "../auth/hosts.ts";
import type { Env } from "../process/env.ts";
import { type Account, accountOf, inboxOf } from "./access.ts";

export type NatsAccess = {
  /** One server or several, with commas between; it may carry user and password, percent-encoded. */
  natsUrl: string;
  /** Absent: the URL's. */
  password?: string;
  /** A `.creds` file instead of user and password; `user` names its user. */
  credsFile?: string;
  user?: string;
  /** The CA of the servers' certificates; absent: the system's. */
  caFile?: string;
  /** This process's own certificate and its key. */
  certFile?: string;
  keyFile?: string;
  /** Refuses servers that want no credentials, and such without TLS but on loopback or where `plaintext` allows it. */
  strict?: boolean;
  plaintext?: boolean;
};

/** What the environment says, for `user`. `natsUrl`: absent, the environment's. */
export const natsAccess = (env: Env, user: string, natsUrl = env.NATS_URL ?? ""): NatsAccess => ({
  natsUrl,
  user,
  strict: env.MODE !== "local",
  plaintext: env.AMOI_NATS_PLAINTEXT === "1",
  ...(env.AMOI_NATS_PASSWORD !== undefined && { password: env.AMOI_NATS_PASSWORD }),
  ...(env.AMOI_NATS_CREDS !== undefined && { credsFile: env.AMOI_NATS_CREDS }),
  ...(env.AMOI_NATS_CA !== undefined && { caFile: env.AMOI_NATS_CA }),
  ...(env.AMOI_NATS_CERT !== undefined && { certFile: env.AMOI_NATS_CERT }),
  ...(env.AMOI_NATS_KEY !== undefined && { keyFile: env.AMOI_NATS_KEY }),
});

/** The servers can't be used as they are configured; the message says what to change. */
export class NatsAccessError extends Error {}

export type Connecting = {
  options: Pick<ConnectionOptions, "servers" | "user" | "pass" | "authenticator" | "tls" | "inboxPrefix">;
  /** The user's account; absent where the server wants no credentials. */
  account: Account | undefined;
  /** TLS is required. */
  needsTls: boolean;
};

/** Takes apart what the environment says. Throws `NatsAccessError`. */
export function connecting(access: NatsAccess): Connecting {
  const servers = access.natsUrl.split(",").map(parse);
  const users = new Set(servers.flatMap(({ user }) => user ?? []));
  const passwords = new Set(servers.flatMap(({ password }) => password ?? []));
  if (users.size > 1 || passwords.size > 1)
    throw new NatsAccessError("NATS_URL names several users or passwords: give one for all servers");
  const [urlUser] = users;
  const [urlPassword] = passwords;
  const password = access.password ?? urlPassword;
  const user = urlUser ?? (access.credsFile === undefined ? undefined : access.user);
  if (access.credsFile === undefined && user !== undefined && password === undefined)
    throw new NatsAccessError(
      `NATS_URL names the user ${user} without a password: add it, or set AMOI_NATS_PASSWORD`,
    );
  if (access.credsFile === undefined && user === undefined && password !== undefined)
    throw new NatsAccessError(
      "there is a password for NATS and no user: name one in NATS_URL (nats://user@host)",
    );
  const isLocal = servers.every(({ hostname }) => isLoopback(hostname));
  const strict = access.strict === true;
  if (strict && user === undefined)
    throw new NatsAccessError(
      "NATS wants credentials outside local mode: a user in NATS_URL, or AMOI_NATS_CREDS",
    );
  const asked =
    servers.some(({ tls }) => tls) || access.caFile !== undefined || access.certFile !== undefined;
  const needsTls = asked || (strict && !isLocal && access.plaintext !== true);
  return {
    options: {
      servers: servers.map(({ host }) => host),
      ...(access.credsFile !== undefined
        ? { authenticator: credsAuthenticator(readFileSync(access.credsFile)) }
        : user !== undefined && { user, pass: password! }),
      ...(needsTls && {
        tls: {
          ...(access.caFile !== undefined && { caFile: access.caFile }),
          ...(access.certFile !== undefined && { certFile: access.certFile }),
          ...(access.keyFile !== undefined && { keyFile: access.keyFile }),
        },
      }),
      ...(user !== undefined && { inboxPrefix: inboxOf(user) }),
    },
    account: user === undefined ? undefined : accountOf(user),
    needsTls,
  };
}

type Server = { host: string; hostname: string; user?: string; password?: string; tls: boolean };

function parse(address: string): Server {
  const text = address.trim();
  let url: URL;
  try {
    // Of a scheme that it doesn't know, `URL` takes hosts as they are.
    url = new URL(text.includes("://") ? text : `nats://${text}`);
    if (url.hostname === "") throw new Error("it names no host");
    return {
      host: `${url.hostname}:${url.port || 4222}`,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      ...(url.username !== "" && { user: decodeURIComponent(url.username) }),
      ...(url.password !== "" && { password: decodeURIComponent(url.password) }),
      tls: url.protocol === "tls:",
    };
  } catch {
    throw new NatsAccessError(
      `NATS_URL has an address that can't be read (${withoutSecrets(text)}): nats://user:password@host:port, and what a password has of %, @, / , # and commas percent-encoded`,
    );
  }
}

/** An address, or several with commas between, fit to be shown: without user and password. */
export const withoutSecrets = (urls: string): string =>
  urls
    .split(",")
    .map((url) => url.replace(/^(\w+:\/\/)?.*@/s, "$1"))
    .join(",");

/** The same address for another user. */
export function withUser(natsUrl: string, user: string, password: string): string {
  const [u, p] = [user, password].map(encodeURIComponent);
  return withoutSecrets(natsUrl)
    .split(",")
    .map((url) => url.replace(/^(\w+:\/\/)?/, (scheme) => `${scheme || "nats://"}${u}:${p}@`))
    .join(",");
}
