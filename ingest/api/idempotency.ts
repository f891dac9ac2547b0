/**
 * The `Idempotency-Key` header: a key for bodies that carry none. It is what the body's `idempotency_key` is, no second
 * mechanism: the key goes into the message id, which JetStream remembers on disk.
 */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { IdempotencyKey } from "../../shared/contracts/ids.ts";
import { wrongField } from "./problems.ts";

const HEADER = "Idempotency-Key";

/** For a route's schema; what is wrong with the value, `headerKey` says. */
export const KeyHeader = z.looseObject({
  "idempotency-key": z
    .string()
    .optional()
    .describe(
      "8 to 128 of `A-Za-z0-9_.:-`. Supplies `idempotency_key` where the body has none; where both are given they are equal",
    ),
});

/** The header's key, with or without the quotes of a structured field. Throws a 400 that names the header. */
export function headerKey(request: FastifyRequest): string | undefined {
  const header = request.headers["idempotency-key"];
  if (header === undefined) return undefined;
  const key = IdempotencyKey.safeParse(String(header).replace(/^"(.*)"$/, "$1"));
  if (!key.success) throw wrongField(HEADER, "is not 8 to 128 of A-Z a-z 0-9 _ . : -");
  return key.data;
}

/** Before validation: the header's key enters a body without one. Throws a 400 where the two differ. */
export async function takeHeaderKey(request: FastifyRequest): Promise<void> {
  const key = headerKey(request);
  if (key === undefined) return;
  const { body } = request;
  if (Array.isArray(body))
    throw wrongField(HEADER, "is for a single body; items of an array have their own keys");
  if (typeof body !== "object" || body === null) return;
  if (!("idempotency_key" in body)) request.body = { ...body, idempotency_key: key };
  else if (body.idempotency_key !== key)
    throw wrongField("idempotency_key", `differs from the header ${HEADER}`);
}
