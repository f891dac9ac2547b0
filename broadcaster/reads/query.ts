/** Query parameters of the public reads, checked by a schema before anything is looked up. */
import { z } from "zod";
import { fieldProblems } from "../../shared/contracts/problem.ts";
import type { Answer, Request } from "../http/engine.ts";
import { problemAnswer } from "../http/response.ts";
import type { EventPlace as Place } from "./projections.ts";

/** A whole number in decimal digits, as a query writes it. */
const Whole = (max: number) =>
  z
    .string()
    .regex(/^(0|[1-9][0-9]{0,14})$/, "needs to be a whole number")
    .transform(Number)
    .refine((value) => value <= max, `needs to be at most ${max}`)
    // A query is text; for its document it is what the text says.
    .meta({ type: "integer", pattern: undefined, minimum: 0, maximum: max });

export const Tick = Whole(Number.MAX_SAFE_INTEGER);
export const Limit = Whole(1_000)
  .refine((value) => value >= 1, "needs to be at least 1")
  .meta({ minimum: 1 });
/** The largest `n` of a place in the public log: it stands behind every event of its tick. */
export const LAST_OF_TICK = 999_999;
/** `<tick>.<n>`: a place in the public log. */
export const EventPlace = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,5})$/, "needs to be <tick>.<n>")
  .transform((text): Place => {
    const [tick, n] = text.split(".").map(Number) as [number, number];
    return { tick, n };
  });

/** The parsed query, or the 400 that names every parameter that is wrong. Of a repeated parameter the last counts. */
export function readQuery<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): { query: z.infer<Schema> } | { refusal: Answer } {
  const parsed = schema.safeParse(Object.fromEntries(new URLSearchParams(request.query)));
  if (parsed.success) return { query: parsed.data };
  const errors = fieldProblems(parsed.error);
  const { path, message } = errors[0]!;
  return { refusal: problemAnswer(400, `${path} ${message}`, { errors }) };
}
