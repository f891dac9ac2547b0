/** `npm run mutation [-- --file simulator/steps/contest.ts]`: which mutants of the cores the tests notice, and which they don't. */
import { readArguments, runToExit } from "../../tools/arguments.ts";
import { MUTANTS } from "./mutants.ts";
import { runMutants } from "./run.ts";

await runToExit(async () => {
  const { values } = readArguments({ options: { file: { type: "string" } } });
  const chosen = MUTANTS.filter(
    ({ file, equivalent }) => equivalent === undefined && (values.file === undefined || file === values.file),
  );
  const results = await runMutants(chosen, ({ killed, file, of, to, ms }) =>
    console.log(`${killed ? "killed  " : "SURVIVED"} ${(ms / 1_000).toFixed(1)} s ${file}: ${of} → ${to}`),
  );
  const survived = results.filter(({ killed }) => !killed);
  console.log(
    `${results.length} mutants, ${results.length - survived.length} killed, ${survived.length} survived`,
  );
  return survived.length === 0 ? 0 : 1;
});
