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
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
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

/** `errors`: the fields that are wrong, where there are some to name. */
export function problem(status: ProblemStatus, detail: string, errors?: FieldProblem[]): Problem {
  const named = errors === undefined || errors.length === 0 ? {} : { errors };
  return { type: "about:blank", title: TITLES[status], status, detail, ...named };
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
