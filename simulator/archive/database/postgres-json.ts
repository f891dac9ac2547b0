/** JSON that Postgres can hold: its text has no NUL and no half of a surrogate pair, where JSON allows both. */

/** Escapes that `jsonb` may refuse at once, and `json` when it is read; pairs of surrogates are among them, and come through unchanged. */
const SUSPECT = /\\u(?:0000|[dD][89a-fA-F])/;

/** False where Postgres may refuse the text, if it is JSON. */
export const isPostgresJson = (json: string): boolean => !SUSPECT.test(json);

/** The same JSON text with NUL as the six characters `\u0000` and lone surrogates as U+FFFD. Throws where it isn't JSON. */
export const toPostgresJson = (json: string): string =>
  SUSPECT.test(json) ? JSON.stringify(clean(JSON.parse(json))) : json;

/** JSON text of a value, storable. */
export const toPostgresJsonText = (value: unknown): string => toPostgresJson(JSON.stringify(value));

export const toPostgresText = (text: string): string => text.replaceAll("\0", "\\u0000").toWellFormed();

function clean(value: unknown): unknown {
  if (typeof value === "string") return toPostgresText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [toPostgresText(key), clean(inner)]));
}
