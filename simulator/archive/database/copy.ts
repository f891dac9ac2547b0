/**
 * Rows into Postgres by `COPY`: no statement is planned and nothing is held against what is there but by the indexes. It takes
 * a third less of the server's time than the same rows from a JSON document, and knows no `ON CONFLICT`; so rows that are
 * there already, which happens only when a position was set back, take a way round.
 */
import { once } from "node:events";
import { from as copyFrom } from "pg-copy-streams";
import { isDuplicate, refusesData, type Transaction } from "./database.ts";

/** `into`: the table, quoted where it must be. `columns` as the lines have them. */
export type Target = { into: string; columns: string };

/** A row in COPY's text format, of columns made by `text`, `integer` and `json`. */
export const line = (...columns: string[]): string => `${columns.join("\t")}\n`;

const NULL = "\\N";
const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A string, or NULL for anything else. */
export const text = (value: unknown): string => {
  if (typeof value !== "string") return NULL;
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special]!) : value;
};

/** A string in JSON text, or NULL for anything else. */
export const scannedText = (value: string | undefined): string => {
  if (value === undefined || value.charCodeAt(0) !== 0x22) return NULL;
  return value.includes("\\") ? text(JSON.parse(value)) : value.slice(1, -1);
};

/** A number, or NULL for anything else. */
export const integer = (value: unknown): string => (typeof value === "number" ? `${value}` : NULL);

/** JSON text, in which only backslashes mean something to COPY. */
export const json = (value: string): string =>
  value.includes("\\") ? value.replaceAll("\\", "\\\\") : value;

/** Copies lines; fails as a whole where one of them is refused. */
async function copy(transaction: Transaction, { into, columns }: Target, lines: string): Promise<void> {
  const stream = transaction.query(copyFrom(`COPY ${into} (${columns}) FROM STDIN`));
  // A copy that timed out fails a second time when its connection is closed; no caller awaits that failure.
  stream.on("error", () => {});
  stream.end(lines);
  await once(stream, "finish");
}

/**
 * Copies those of the lines whose key is not there yet; answers how many. Where Postgres refuses a value, it halves until the
 * line that is to blame stands alone, and takes what `instead` makes of it, or nothing: poison never blocks.
 */
export async function copyNew(
  transaction: Transaction,
  target: Target,
  lines: readonly string[],
  instead: (index: number, error: unknown) => string | undefined,
): Promise<number> {
  const part = async (from: number, to: number): Promise<number> => {
    try {
      return await copyPart(transaction, target, lines.slice(from, to));
    } catch (error) {
      if (!refusesData(error)) throw error;
      if (to - from > 1) {
        const middle = (from + to) >> 1;
        return (await part(from, middle)) + (await part(middle, to));
      }
      const other = instead(from, error);
      return other === undefined ? 0 : copyPart(transaction, target, [other]);
    }
  };
  return lines.length === 0 ? 0 : part(0, lines.length);
}

/** Fails as a whole, with the transaction as it was, where Postgres refuses a value. */
async function copyPart(transaction: Transaction, target: Target, lines: string[]): Promise<number> {
  await transaction.query("SAVEPOINT copied");
  try {
    return await copyOrStage(transaction, target, lines);
  } catch (error) {
    // Of any other error the whole transaction dies, and a server that is silent isn't asked again.
    if (refusesData(error)) await transaction.query("ROLLBACK TO SAVEPOINT copied");
    throw error;
  }
}

async function copyOrStage(transaction: Transaction, target: Target, lines: string[]): Promise<number> {
  const text = lines.join("");
  try {
    await copy(transaction, target, text);
    return lines.length;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  await transaction.query("ROLLBACK TO SAVEPOINT copied");
  const { into, columns } = target;
  await transaction.query(`CREATE TEMP TABLE staged AS SELECT ${columns} FROM ${into} WITH NO DATA`);
  await copy(transaction, { into: "staged", columns }, text);
  const { rowCount } = await transaction.query(
    `INSERT INTO ${into} (${columns}) SELECT ${columns} FROM staged ON CONFLICT DO NOTHING`,
  );
  await transaction.query("DROP TABLE staged");
  return rowCount ?? 0;
}
