/** `npm run backtest -- --realm R --ruleset f.json`: what other rules would have made of what a realm recorded. */
import { readEnv } from "../../../shared/process/env.ts";
import { natsUrlOf, openNats } from "../../local/which-servers.ts";
import { readArguments, realmOf, runToExit, UsageError } from "../arguments.ts";
import { rulesetOf } from "../ruleset-argument.ts";
import { type Bound, backtest } from "./backtest.ts";
import { asJson, asText } from "./report.ts";

const HELP = `Judges a realm's recorded candidates again under other rules, and prints what changes. Nothing is written.

  npm run backtest -- --realm R --ruleset f.json [--from B] [--to B] [--json] [--nats URL]

  --realm R       the realm
  --ruleset F     the rules: a JSON file, or a name in shared/rulesets/rulesets/. They hold from the realm's first event on; rulesets
                  that the realm got later are left out, and so are reviews of events that these rules don't quarantine
  --from B        counts from a time on (RFC 3339), or from a tick on (t12)
  --to B          counts what came before a time, or up to and with a tick; state is built from the start all the same
  --json          one JSON object, points in milli-points
  --nats URL      NATS server; else NATS_URL, else the local stack of DATA_DIR

Exit code 0 when the comparison is made, whatever it says; 1 when it can't be made; 2 when the arguments are wrong.`;

function boundOf(option: string, text: string | undefined): Bound | undefined {
  if (text === undefined) return undefined;
  const tick = /^t([1-9][0-9]{0,14})$/.exec(text);
  if (tick !== null) return { tick: Number(tick[1]) };
  const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
  const atMs = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new UsageError(`--${option} needs a time such as 2026-03-01T00:00:00Z, or a tick such as t12`);
  return { atMs };
}

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      realm: { type: "string" },
      ruleset: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      json: { type: "boolean", default: false },
      nats: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const realm = realmOf(values.realm);
  const [from, to] = [boundOf("from", values.from), boundOf("to", values.to)];
  const window = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const ruleset = await rulesetOf(values.ruleset);
  const env = readEnv(process.env);
  const bus = await openNats(env, "operator", natsUrlOf(env, "operator", values.nats), "backtest");
  try {
    const result = await backtest(bus, realm, ruleset, window);
    console.log(values.json ? JSON.stringify(asJson(result)) : asText(result));
    return 0;
  } finally {
    await bus.close();
  }
}

await runToExit(main);
