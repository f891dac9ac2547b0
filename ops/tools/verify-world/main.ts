/** `npm run verify-world -- FILE`: whether a published chain of tick records holds. Needs nothing but Node and the file. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ChainCheck, hashOf } from "./verify.ts";

const HELP = `Checks a chain of tick records: every hash, every link, and that no tick and no event is left out.

  npm run verify-world -- FILE [--state STATE]

  FILE            tick records in the order of their ticks: one JSON object a line, or one JSON array; as
                  npm run replay -- --realm R --records FILE writes them
  --state STATE   a public state as JSON, such as the \`state\` of a feed's snapshot: it must be that of its tick

Exit code 0 when everything holds; 1 at the first break, with its tick and field; 2 when a file can't be read.`;

/** One record after the other, with the line or place that it came from. */
async function* recordsIn(file: string): AsyncGenerator<{ place: string; text: unknown }> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    if (number === 1 && line.trimStart().startsWith("[")) {
      lines.close();
      const all = JSON.parse(await readFile(file, "utf8")) as unknown[];
      for (const [i, text] of all.entries()) yield { place: `item ${i}`, text };
      return;
    }
    let text: unknown;
    try {
      text = JSON.parse(line);
    } catch {
      throw new Error(`line ${number} of ${file} is not JSON`);
    }
    yield { place: `line ${number}`, text };
  }
}

async function stateIn(file: string): Promise<{ tick: number }> {
  const state = JSON.parse(await readFile(file, "utf8")) as { tick?: unknown } | null;
  if (!Number.isSafeInteger(state?.tick)) throw new Error(`${file} holds no state: it names no tick`);
  return state as { tick: number };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { state: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length > 1) {
    console.log(HELP);
    return values.help ? 0 : 2;
  }
  const state = values.state === undefined ? undefined : await stateIn(values.state);
  let recorded: unknown;
  const chain = new ChainCheck();
  for await (const { place, text } of recordsIn(file)) {
    const broken = chain.take(text);
    if (broken !== undefined) {
      console.log(`BROKEN at tick ${broken.tick} (${place}), field ${broken.field}: ${broken.message}`);
      return 1;
    }
    const record = text as { tick: number; public_hash: string };
    if (state && record.tick === state.tick) recorded = record.public_hash;
  }
  const { verified } = chain;
  if (verified === undefined) {
    console.log(`BROKEN: ${file} holds no record`);
    return 1;
  }
  if (state && hashOf(state) !== recorded) {
    console.log(
      recorded === undefined
        ? `BROKEN: no record of tick ${state.tick}, which the state is of`
        : `BROKEN at tick ${state.tick}, field public_hash: is ${recorded}, but the state has ${hashOf(state)}`,
    );
    return 1;
  }
  const { from, ticks, hash } = verified;
  console.log(
    `${ticks} records hold, tick ${from} to ${from + ticks - 1}${from === 0 ? "" : `; what came before tick ${from} isn't in the file`}`,
  );
  console.log(`hash of the last record: ${hash}`);
  if (state) console.log(`the state is that of tick ${state.tick}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
