/** Problem details (RFC 9457): the body of every error answer, on the public port and the internal one. */
import { z } from "zod";

export const PROBLEM_JSON = "application/problem+json";

export const Problem = z.strictObject({
  /** `about:blank`: the status says it all, and `title` is its phrase. */
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  /** What is wrong with this request, for a person. */
  detail: z.string(),
  /** Each field that is wrong: its path with dots, or the name of a parameter. */
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
export type FieldProblem = NonNullable<Problem["errors"]>[number];

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  507: "Insufficient Storage",
} as const;
export type ProblemStatus = keyof typeof TITLES;

/** The status line of a problem: `404 Not Found`. */
export const statusLine = (status: ProblemStatus): string => `${status} ${TITLES[status]}`;

/** Whatever was sent, its problem has at most so many fields and characters: some 40 KiB at the worst. */
const MAX_FIELDS = 64;
const MAX_PATH_CHARS = 100;
const MAX_MESSAGE_CHARS = 500;

/** `errors`: the fields that are wrong, where there are some to name; of very many the first, and how many more there are. */
export function problem(
  status: ProblemStatus,
  detail: string,
  errors: readonly FieldProblem[] = [],
): Problem {
  const told = errors.slice(0, MAX_FIELDS).map(({ path, message }) => ({
    path: cut(path, MAX_PATH_CHARS),
    message: cut(message, MAX_MESSAGE_CHARS),
  }));
  const more = errors.length - told.length;
  if (more > 0) told.push({ path: "", message: `${more} more fields are wrong` });
  const named = told.length === 0 ? {} : { errors: told };
  return {
    type: "about:blank",
    title: TITLES[status],
    status,
    detail: cut(detail, MAX_MESSAGE_CHARS),
    ...named,
  };
}

const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;

/** All problems of one answer have at most so many bytes as JSON. */
export const MAX_PROBLEM_BYTES = 64 * 1024;

/**
 * The problems of an answer with many items, in their order, without those that would not fit any more: the status of those says
 * what is wrong, and the item sent again alone is told in full.
 */
export function withinBytes<Item extends object>(items: readonly Item[]): Item[] {
  let left = MAX_PROBLEM_BYTES;
  return items.map((item) => {
    if (!("problem" in item)) return item;
    const bytes = Buffer.byteLength(JSON.stringify(item.problem));
    left = bytes <= left ? left - bytes : 0;
    if (left > 0) return item;
    const { problem: _, ...rest } = item;
    return rest as Item;
  });
}

/** What a schema found wrong, field by field: unknown fields by their own name, the body itself as an empty path. */
export function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: [...path, key].join("."), message: "is not a known field" }));
    return [{ path: path.join("."), message: issue.message }];
  });
}
