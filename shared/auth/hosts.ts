/**
 * Under which names an HTTP server may be asked for. A page that a browser loaded from elsewhere can let its own name point to this
 * machine (DNS rebinding) and then read whatever answers: the `Host` header gives it away. Pure.
 */
import { isIPv4, isIPv6 } from "node:net";

/** A host as a URL or the `Host` header has it, without its port, in lower case; IPv6 with its brackets. */
const bare = (host: string): string => host.replace(/:\d*$/, "").toLowerCase();

/** Whether a name or an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (isIPv4(name)) return name.startsWith("127.");
  return name === "::1" || name === "localhost" || name.endsWith(".localhost");
}

/** Says of a `Host` header whether it is answered. */
export type HostCheck = (header: string | undefined) => boolean;

type Settings = {
  MODE: "local" | "production";
  /** Where the servers listen. */
  AMOI_HOST: string;
  AMOI_HOSTS?: readonly string[] | undefined;
};

/** By the environment: with `AMOI_HOSTS` those, loopback names and where it listens; without, in local mode the latter two, else any. */
export function hostCheck({ MODE: mode, AMOI_HOST: own, AMOI_HOSTS: hosts }: Settings): HostCheck {
  if (hosts?.includes("*") || (hosts === undefined && mode !== "local")) return () => true;
  const known = new Set([...(hosts ?? []), isIPv6(own) ? `[${own}]` : own.toLowerCase()]);
  return (header) => header !== undefined && (known.has(bare(header)) || isLoopback(bare(header)));
}

/** What is answered with 421 instead. */
export const MISDIRECTED =
  "this server is not asked for under this name: in local mode it answers loopback names, and those of AMOI_HOSTS";
