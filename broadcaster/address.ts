/** Whose connection it is, as far as limits go. */
import type { HttpRequest, HttpResponse } from "uWebSockets.js";

/** An IPv4 address, or the /64 of an IPv6 one, in hex: whoever has one address of a /64 has all of them. */
export function addressOf(res: HttpResponse, req: HttpRequest, header: string | undefined): string {
  const forwarded = header === undefined ? "" : req.getHeader(header);
  // A client may write whatever it likes in front: only the last entry is the proxy's own.
  if (forwarded !== "") return forwarded.slice(forwarded.lastIndexOf(",") + 1).trim();
  return keyOf(new Uint8Array(res.getRemoteAddress()));
}

/** `bytes`: 4 or 16 of them. An IPv4 address may come mapped into IPv6, as ::ffff:a.b.c.d. */
export function keyOf(bytes: Uint8Array): string {
  const mapped =
    bytes.length === 16 && bytes.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
  const own = mapped ? bytes.subarray(12) : bytes.subarray(0, 8);
  return Buffer.from(own).toString("hex");
}
