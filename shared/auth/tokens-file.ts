/** Bearer tokens in a file, by their hashes: `AMOI_TOKENS_FILE`, JSON `[{name, sha256, scopes, realms?}]`. */
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { AccountId, Id } from "../contracts/ids.ts";
import { fieldProblems } from "../contracts/problem.ts";
import { type Caller, SCOPES } from "./scopes.ts";
import { LOCAL_SECRETS } from "./secrets.ts";

/** Two entries of one name are one caller during a change of its token. */
const Entry = z.strictObject({
  name: AccountId,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "is not the SHA-256 of a token in lower-case hex"),
  scopes: z.array(z.enum(SCOPES)).min(1),
  realms: z.array(Id).min(1).optional(),
});
const Entries = z.array(Entry).max(1_000);

export type FileToken = { digest: Buffer; caller: Caller };

/** The text of a tokens file, parsed. Throws an error that says what is wrong with it. */
export function tokensIn(text: string): FileToken[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error("the tokens file is not JSON");
  }
  const entries = Entries.safeParse(json);
  if (!entries.success) {
    const { path, message } = fieldProblems(entries.error)[0]!;
    throw new Error(`the tokens file: ${path}: ${message}`);
  }
  const seen = new Set(LOCAL_SECRETS.map((secret) => digestOf(secret).toString("hex")));
  return entries.data.map(({ name, sha256, scopes, realms }) => {
    if (seen.has(sha256))
      throw new Error(`the tokens file: ${name} has the token of another entry, or one that everybody knows`);
    seen.add(sha256);
    return {
      digest: Buffer.from(sha256, "hex"),
      caller: {
        name,
        scopes: new Set(scopes),
        ...(realms === undefined ? {} : { realms: new Set(realms) }),
      },
    };
  });
}

export const digestOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** The caller of a token. All entries are compared, each in constant time, so that neither length nor prefix nor place shows. */
export function callerOf(tokens: readonly FileToken[], token: string): Caller | undefined {
  const given = digestOf(token);
  let found: Caller | undefined;
  for (const { digest, caller } of tokens) if (timingSafeEqual(digest, given)) found = caller;
  return found;
}
