/** Who may use the API: whoever has the one token. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Api } from "./parts.ts";
import { Refused } from "./problems.ts";

/** Digests are compared, in constant time: neither length nor prefix of the token shows. */
export function requireToken(api: Api, token: string): void {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  api.addHook("onRequest", async (request) => {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ""), expected))
      throw new Refused(401, "a bearer token is required");
  });
}
