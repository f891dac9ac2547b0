/** Whose connection it is, as far as limits go. */

import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { isIPv4, isIPv6 } from "node:net";

/**
 * An IPv4 address, or the /64 of an IPv6 one, in hex: whoever has one address of a /64 has all of them. `header`: where one's
 * own proxy says whom it forwards.
 */
export function addressOf(res: HttpResponse, req: HttpRequest, header: string | undefined): string {
  const forwarded = header === undefined ? "" : lastEntry(req, header);
  if (forwarded === "") return keyOf(new Uint8Array(res.getRemoteAddress()));
  const bytes = bytesOf(forwarded);
  return bytes === undefined ? forwarded : keyOf(bytes);
}

/** A client may write whatever it likes in front, on lines of its own too: only the last line's last entry is the proxy's. */
function lastEntry(req: HttpRequest, header: string): string {
  let line = "";
  req.forEach((name, value) => {
    if (name === header) line = value;
  });
  return line.slice(line.lastIndexOf(",") + 1).trim();
}

/** `bytes`: 4 or 16 of them. An IPv4 address may come mapped into IPv6, as ::ffff:a.b.c.d. */
export function keyOf(bytes: Uint8Array): string {
  const mapped =
    bytes.length === 16 && bytes.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
  const own = mapped ? bytes.subarray(12) : bytes.subarray(0, 8);
  return Buffer.from(own).toString("hex");
}

/** The 4 or 16 bytes of an address as proxies write it, a port aside; nothing where it is none, such as `unknown`. */
export function bytesOf(text: string): Uint8Array | undefined {
  const address = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  if (!isIPv6(address)) return undefined;
  // WHATWG URL writes every address in one way: groups in hex, zeros left out once at most.
  const written = new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = written.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
