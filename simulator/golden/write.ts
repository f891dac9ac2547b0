/** `npm run golden`: writes what must come of the golden ticks anew, after a change of the world's rules that is meant. */
import { writeFile } from "node:fs/promises";
import { playGolden, readGolden, TICKS_FILE } from "./golden.ts";

const golden = await readGolden();
const figures = await playGolden(golden.map(({ given }) => given));
const lines = golden.map(({ given }, i) => JSON.stringify({ given, expected: figures[i] }));
await writeFile(TICKS_FILE, `${lines.join("\n")}\n`);
console.log(`${lines.length} ticks written to ${TICKS_FILE}`);
