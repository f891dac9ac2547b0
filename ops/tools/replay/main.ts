/** `npm run replay -- --realm R [--verify]`: recomputes a realm from what was recorded and says how fast, and whether it holds. */
import { readArguments, realmOf, runToExit } from "../arguments.ts";
import { tickOf, WHERE, type Where, whereOf, withBus, withSource } from "./arguments.ts";
import { publishRecords } from "./publish.ts";
import { rebuildWorld } from "./rebuild.ts";
import { recompute } from "./replay.ts";
import type { Source } from "./source.ts";

const HELP = `Recomputes a realm's ticks from its EVENTS and prints events/s.

  npm run replay -- --realm R [--verify] [--from T] [--to T] [--records FILE] [--from-postgres] [--nats URL] [--postgres URL]
  npm run replay -- --realm R --rebuild [--nats URL]

  --realm R         the realm
  --verify          holds every recomputed tick against the recorded one, and checks the chain of hashes; stops at the first
                    difference and names its tick and field
  --from T          begins with the last whole state that is kept at or before tick T (one in 256), its hashes checked,
                    instead of with tick 0
  --to T            the last tick to recompute
  --records FILE    writes the recorded ticks --from … --to, one JSON object a line, for npm run verify-world; recomputes
                    nothing unless --verify is given too
  --rebuild         where a part of WORLD is lost: recomputes EVENTS, and when every record that WORLD still holds agrees, removes
                    WORLD and begins it again; the realm's simulator then plays it up to where it was, with the same hashes.
                    Clients start anew, and the archive refuses until it is rebuilt
  --from-postgres   reads the archive instead of the streams, as it does by itself when the streams are gone
  --nats URL        NATS server; else NATS_URL, else the local stack of DATA_DIR
  --postgres URL    Postgres; else DATABASE_READ_URL, else the local stack of DATA_DIR

Ticks of an earlier engine are held against their own hashes and the chain, and recomputed by the release that made them.

Exit code 0 when nothing differs, 1 at the first difference or when it can't run, 2 when the arguments are wrong.`;

type Ticks = { from?: number; to?: number };

/** Runs the command; answers the exit code. */
async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      realm: { type: "string" },
      verify: { type: "boolean", default: false },
      from: { type: "string" },
      to: { type: "string" },
      records: { type: "string" },
      rebuild: { type: "boolean", default: false },
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
  const ticks: Ticks = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const where = whereOf(values);
  if (values.rebuild) return rebuild(realm, where);
  return withSource(realm, where, console.log, async (source) => {
    if (values.records !== undefined) {
      const written = await publishRecords(source, values.records, ticks);
      console.log(`${written} tick records of ${realm} are in ${values.records}`);
      if (!values.verify) return 0;
    }
    return report(source, values.verify, ticks);
  });
}

async function rebuild(realm: string, where: Where): Promise<number> {
  const { held, missing, tick, hash } = await withBus(where, "provision", (bus) => rebuildWorld(bus, realm));
  const named = missing.length > 5 ? `${missing.slice(0, 5).join(", ")} …` : missing.join(", ");
  console.log(
    `${realm}: ${held} records agreed with EVENTS, ${missing.length} were missing${named && `: ${named}`}`,
  );
  console.log(`WORLD begins again; its simulator has to arrive at tick ${tick} with the public hash ${hash}`);
  return 0;
}

async function report(source: Source, verify: boolean, ticks: Ticks): Promise<number> {
  const replayed = await recompute(source, { verify, ...ticks });
  const { from, earlier, events, seconds, problems } = replayed;
  const count = (value: number) => value.toLocaleString("en-US");
  if (earlier !== undefined)
    console.log(
      `ticks ${earlier.first} to ${earlier.last} are of engine ${earlier.engine}: ${verify ? "their records have the hashes that they state, and " : ""}the release of that engine recomputes them`,
    );
  console.log(
    `${source.realm}: ${count(replayed.ticks - from)} ticks from ${source.name}, begun at tick ${from}, ${count(events)} events ` +
      `in ${seconds.toFixed(2)} s, ${count(Math.round(events / seconds))} events/s`,
  );
  console.log(`public hash of tick ${replayed.ticks}: ${replayed.hash}`);
  for (const problem of problems) console.log(`DIFFERS ${problem}`);
  if (verify && problems.length === 0)
    console.log(
      earlier === undefined
        ? "every tick has the recorded bytes, and the chain holds"
        : `every tick from ${earlier.last + 1} on has the recorded bytes, and the whole chain holds`,
    );
  return problems.length === 0 ? 0 : 1;
}

await runToExit(main);
