/** `npm run whatif -- --realm R --from T --ruleset f.json`: how a realm would have gone on under other rules. */
import { writeFile } from "node:fs/promises";
import { readArguments, realmOf, runToExit, UsageError } from "../arguments.ts";
import { tickOf, WHERE, whereOf, withSource } from "../replay/arguments.ts";
import { rulesetOf } from "../ruleset-argument.ts";
import { asSvg } from "./chart.ts";
import { asJson, asText } from "./report.ts";
import { whatIf } from "./whatif.ts";

const HELP = `Plays a realm's recorded events from a tick on again, under other rules, and prints what would have changed. Nothing is
written to the realm.

  npm run whatif -- --realm R --from T --ruleset F [--to T] [--svg FILE] [--json] [--from-postgres] [--nats URL] [--postgres URL]

  --realm R         the realm
  --from T          the last tick under the recorded rules: these hold from the next one on, whatever was set later
  --to T            the last tick to play; else the last one recorded
  --ruleset F       the rules: a JSON file, or a name in shared/rulesets/rulesets/
  --svg FILE        draws shares, territories and inequality, recorded and under these rules
  --json            one JSON object, points in milli-points, shares in basis points
  --from-postgres   reads the archive instead of the streams, as it does by itself when the streams are gone
  --nats, --postgres URL  else NATS_URL and DATABASE_READ_URL, else the local stack of DATA_DIR

Events count with the points that they were given; npm run backtest asks what other rules would have given.
Exit code 0 when the comparison is made, 1 when it can't be made, 2 when the arguments are wrong.`;

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      realm: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      ruleset: { type: "string" },
      svg: { type: "string" },
      json: { type: "boolean", default: false },
      ...WHERE,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const realm = realmOf(values.realm);
  const [from, to] = [tickOf("from", values.from), tickOf("to", values.to)];
  if (from === undefined) throw new UsageError("--from needs the last tick under the recorded rules");
  const ruleset = await rulesetOf(values.ruleset);
  const where = whereOf(values);
  const say = values.json ? console.error : console.log;
  const result = await withSource(realm, where, say, (source) =>
    whatIf(source, ruleset, to === undefined ? { from } : { from, to }),
  );
  console.log(values.json ? JSON.stringify(asJson(result)) : asText(result));
  if (values.svg === undefined) return 0;
  await writeFile(values.svg, asSvg(result));
  say(`the curves are in ${values.svg}`);
  return 0;
}

await runToExit(main);
