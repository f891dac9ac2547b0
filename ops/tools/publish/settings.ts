/** What a publish run was asked for: arguments, environment, and the local stack where neither names a NATS server. */
import { access, constants, stat } from "node:fs/promises";
import { readEnv } from "../../../shared/process/env.ts";
import { STORY_USER } from "../../../shared/stream/access.ts";
import { natsUrlOf } from "../../local/which-servers.ts";
import { readArguments, realmOf, UsageError } from "../arguments.ts";

export const HELP = `Publishes candidates, one JSON object a line, to impact.raw.<realm>.

  npm run publish -- --realm R [file.ndjson] [--now] [--unchecked] [--nats URL] [--patience SECONDS]

  --realm R        the realm to publish to
  file.ndjson      absent or -: standard input
  --now            moves all times so that the newest occurred_at is the present
                   (ingest rejects what is older than 24 h)
  --unchecked      sends what ingest will reject too, to see how it does
  --nats URL       NATS server; else NATS_URL, else the local stack of DATA_DIR
  --patience S     ends when nothing was acknowledged for S seconds (60)

What ingest would reject is not sent, and told with its line.
Exit code 0 when every line was published or known before, 2 when the arguments are wrong, else 1.`;

export type Settings = {
  realm: string;
  file: string | undefined;
  now: boolean;
  unchecked: boolean;
  natsUrl: string;
  patienceMs: number;
};

/** Throws `UsageError`, `EnvError` and `LocalSetupError`. */
export async function readSettings(args: string[]): Promise<Settings | "help"> {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: {
      realm: { type: "string" },
      now: { type: "boolean", default: false },
      unchecked: { type: "boolean", default: false },
      nats: { type: "string" },
      patience: { type: "string", default: "60" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  if (positionals.length > 1) throw new UsageError(`one file at a time; --help tells how`);
  const realm = realmOf(values.realm);
  const patience = Number(values.patience);
  if (!(patience > 0)) throw new UsageError("--patience needs a number of seconds above 0");
  const natsUrl = natsUrlOf(readEnv(process.env), STORY_USER, values.nats);
  const file = positionals[0] === "-" ? undefined : positionals[0];
  if (file !== undefined) await assertReadable(file);
  return { realm, file, now: values.now, unchecked: values.unchecked, natsUrl, patienceMs: patience * 1_000 };
}

async function assertReadable(file: string): Promise<void> {
  const readable = await access(file, constants.R_OK).then(
    async () => !(await stat(file)).isDirectory(),
    () => false,
  );
  if (!readable) throw new UsageError(`There is no file ${file} that can be read.`);
}
