/** `npm run doctor -- --realm R`: what is wrong with a realm, and what to do; takes a foreign message out when told to. */
import { createInterface } from "node:readline/promises";
import { readEnv } from "../../../shared/process/env.ts";
import { openLog } from "../../../shared/process/log.ts";
import { realmTexts } from "../../../shared/provision/realm-entries.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { streamEnds } from "../../../shared/stream/last-message.ts";
import { eventsStream, validStream, worldStream } from "../../../shared/stream/subjects.ts";
import { type Database, openDatabase } from "../../../simulator/archive/database/database.ts";
import { VIEWS } from "../../../simulator/archive/rebuild/own-tables.ts";
import { readUrlOf } from "../../local/which-servers.ts";
import { readArguments, realmOf, runToExit, UsageError } from "../arguments.ts";
import { withBus } from "../replay/arguments.ts";
import { examine } from "./examine.ts";
import { NotRemovable, removable, remove } from "./remove.ts";

const HELP = `Says what is wrong with a realm, and what to do about it.

  npm run doctor -- --realm R [--whole] [--nats URL] [--postgres URL]
  npm run doctor -- --realm R --remove STREAM:SEQ [--yes] [--nats URL] [--postgres URL]

  --realm R            the realm
  --whole              looks for foreign messages among what is consumed already, too: the streams are read from their beginning
  --remove STREAM:SEQ  takes a foreign message out, such as EVENTS_amoi-1:1234, overwriting it on disk; asks before. Only what is foreign
                       and what no stage and no archive has consumed can be taken out; the realm goes on by itself within seconds
  --yes                doesn't ask
  --nats URL           NATS server; else NATS_URL, else the local stack of DATA_DIR. To take something out, it needs the rights of the
                       user that provisions
  --postgres URL       Postgres; else DATABASE_READ_URL, else the local stack of DATA_DIR

Exit code 0 when nothing is wrong or the message is out, 1 when something is wrong or it can't run, 2 when the arguments are wrong.`;

/** Runs the command; answers the exit code. */
async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      realm: { type: "string" },
      whole: { type: "boolean", default: false },
      remove: { type: "string" },
      yes: { type: "boolean", default: false },
      nats: { type: "string" },
      postgres: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const realm = realmOf(values.realm);
  const place = values.remove === undefined ? undefined : placeOf(values.remove);
  const database = openArchive(values.postgres);
  try {
    return await withBus({ nats: values.nats }, "provision", async (bus) => {
      const known = (await realmTexts(bus)).map(({ realm }) => realm);
      const isThere = known.includes(realm) || (await hasStreams(bus, realm));
      if (!isThere)
        throw new UsageError(`no realm is named ${realm}; there are ${known.join(", ") || "none"}`);
      if (place === undefined)
        return report(await examine(bus, realm, optional({ database, whole: values.whole })));
      const found = await removable(bus, realm, place, database);
      console.log(
        `message ${found.seq} of ${found.stream}, on ${found.subject}, is foreign: ${printable(found.why)}`,
      );
      if (!values.yes && !(await confirmed(realm))) {
        console.log("nothing was taken out");
        return 1;
      }
      await remove(bus, found);
      console.log("it is out; the realm goes on by itself within seconds");
      return 0;
    });
  } catch (error) {
    if (!(error instanceof NotRemovable)) throw error;
    console.log(`nothing was taken out: ${error.message}`);
    return 1;
  } finally {
    await database?.end();
  }
}

/** Whether any stream of the realm is there: the bucket of realms may be what is lost. */
async function hasStreams(bus: Bus, realm: string): Promise<boolean> {
  for (const stream of [eventsStream(realm), validStream(realm), worldStream(realm)])
    if ((await streamEnds(bus, stream).catch(() => undefined)) !== undefined) return true;
  return false;
}

function report({ findings }: Awaited<ReturnType<typeof examine>>): number {
  const wrong = findings.filter(({ todo }) => todo !== undefined);
  for (const { place, says } of findings.filter(({ todo }) => todo === undefined))
    console.log(`ok     ${place} ${printable(says)}`);
  for (const { place, says, todo } of wrong)
    console.log(`WRONG  ${place} ${printable(says)}\n       → ${printable(todo!)}`);
  if (wrong.length === 0) console.log("nothing is wrong");
  return wrong.length === 0 ? 0 : 1;
}

/** What a foreign message quotes of itself must not steer the terminal. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`);

const optional = ({ database, whole }: { database: Database | undefined; whole: boolean }) =>
  database === undefined ? { whole } : { database, whole };

function placeOf(text: string): { stream: string; seq: number } {
  const [, stream, seq] = /^([A-Z]+_[a-z0-9_-]+):([1-9]\d{0,14})$/.exec(text) ?? [];
  if (stream === undefined)
    throw new UsageError("--remove needs a stream and a sequence, such as EVENTS_amoi-1:1234");
  return { stream, seq: Number(seq) };
}

/** The archive, where one is known: a realm can be examined without it. */
function openArchive(given: string | undefined): Database | undefined {
  const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "doctor");
  try {
    const url = readUrlOf(readEnv(process.env), given);
    return openDatabase(url, { log, schema: VIEWS, name: "doctor", max: 1, connectMs: 3_000 });
  } catch {
    return undefined;
  }
}

async function confirmed(realm: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError("nobody can be asked here: say --yes to take it out");
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (
      (await asking.question(`to take it out for good, type the realm's id (${realm}): `)).trim() === realm
    );
  } finally {
    asking.close();
  }
}

await runToExit(main);
