/** The address that a request's limits count by. */
import { addressOfBytes, type Networks, parseAddress } from "../../shared/process/networks.ts";
import type { Request } from "./engine.ts";

/** Proxies of one's own, which say in a header of this name, in lower case, whom they forward. */
export type TrustedProxies = { header: string; networks: Networks };

type Address = ReturnType<typeof addressOfBytes>;
/** What a proxy writes instead of an address is cut to this. */
const MAX_NAME = 64;

/**
 * An IPv4 address, or the /64 of an IPv6 one, in hex: a host that has one address of a /64 has all of them. A header is believed
 * only from a trusted proxy: a client may write into it whatever it likes, also in front of what the proxy adds. So it is read
 * from its end, past the proxies that are trusted, to the first address that isn't one's own.
 */
export function addressOf(request: Request, proxies: TrustedProxies | undefined): string {
  let address = addressOfBytes(request.peer);
  if (proxies === undefined) return keyOf(address);
  const entries = entriesOf(request, proxies.header);
  while (proxies.networks.has(address)) {
    const forwarded = entries.pop();
    if (forwarded === undefined) break;
    const next = addressIn(forwarded);
    if (next === undefined) return forwarded.slice(0, MAX_NAME);
    address = next;
  }
  return keyOf(address);
}

/** The entries of all lines of a header, in their order. */
function entriesOf(request: Request, header: string): string[] {
  const lines: string[] = [];
  request.eachHeader((name, value) => {
    if (name === header) lines.push(value);
  });
  return lines
    .flatMap((line) => line.split(","))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

export function keyOf(address: Address): string {
  const bytes = address.toByteArray();
  return Buffer.from(bytes.slice(0, bytes.length === 4 ? 4 : 8)).toString("hex");
}

/** An address as proxies write it, with a port or without; nothing where it is none, such as `unknown`. */
export function addressIn(text: string): Address | undefined {
  const address = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  return parseAddress(address.replace(/%.*/, ""));
}
