/**
 * `npm run nats-config`: the accounts of production's NATS servers, from `shared/stream/access.ts` and the users' passwords or nkeys.
 * The same file goes to every server of a cluster.
 */
import { renameSync, writeFileSync } from "node:fs";
import { hash, truncates } from "bcryptjs";
import { Id } from "../../../shared/contracts/ids.ts";
import { STORY_USER, type StoryEngine, USER_NAMES } from "../../../shared/stream/access.ts";
import { newPassword } from "../../local/credentials.ts";
import { readArguments, runToExit, UsageError } from "../arguments.ts";
import { accounts, type Proof } from "./config.ts";

const HELP = `Writes the accounts, users and permissions of the NATS servers, for an include in their configuration.

  npm run nats-config -- [--story NAME[:REALM,…]]… [--out FILE]
  npm run nats-config -- --new-passwords [--story NAME]…

  --story NAME[:REALM,…]  a story engine, with the realms that it may publish to; without a list all of them. Absent: one
                          engine, named ${STORY_USER}, for all
  --out FILE              where to write; absent: standard output
  --new-passwords         prints a password for each user instead, as variables for an .env file

Each user's proof comes from the environment: NATS_PASSWORD_<USER>, of which a bcrypt hash is written, or NATS_NKEY_<USER>, the
public half of an nkey. Users: ${USER_NAMES.join(", ")}, and the story engines.`;

/** As `nats server passwd` does it: some 100 ms for each connection that is opened. */
const BCRYPT_COST = 11;
const MIN_PASSWORD_CHARACTERS = 16;

type Environment = Record<string, string | undefined>;
const variableOf = (kind: "PASSWORD" | "NKEY", user: string): string =>
  `NATS_${kind}_${user.toUpperCase().replaceAll("-", "_")}`;

/** `NAME` or `NAME:REALM,REALM`. Throws `UsageError`. */
function engineOf(text: string): StoryEngine {
  const [name = "", list] = text.split(":");
  const realms = list?.split(",");
  for (const id of [name, ...(realms ?? [])])
    if (!Id.safeParse(id).success) throw new UsageError(`--story ${text}: ${id || "nothing"} is no id`);
  if (USER_NAMES.some((user) => user === name))
    throw new UsageError(`--story ${text}: ${name} is another user`);
  return { name, ...(realms !== undefined && { realms }) };
}

/** Hashes every password. Throws `UsageError` that names what is missing, short, too long or used twice. */
export async function proofs(
  users: readonly string[],
  environment: Environment,
): Promise<Map<string, Proof>> {
  const found = new Map<string, Proof>();
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const user of users) {
    const nkey = environment[variableOf("NKEY", user)];
    const variable = variableOf("PASSWORD", user);
    const password = environment[variable];
    if (nkey) {
      if (/^U[A-Z2-7]{55}$/.test(nkey)) found.set(user, { nkey });
      else problems.push(`${variableOf("NKEY", user)} is not the public half of a user's nkey (U…)`);
    } else if (!password) problems.push(`${variable} is not set, nor ${variableOf("NKEY", user)}`);
    else if (password.length < MIN_PASSWORD_CHARACTERS)
      problems.push(`${variable} has less than ${MIN_PASSWORD_CHARACTERS} characters`);
    else if (truncates(password)) problems.push(`${variable} has more than the 72 bytes that bcrypt takes`);
    else if (owners.has(password)) problems.push(`${variable} is the same as ${owners.get(password)}`);
    else {
      owners.set(password, variable);
      found.set(user, { password: await hash(password, BCRYPT_COST) });
    }
  }
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return found;
}

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      story: { type: "string", multiple: true, default: [STORY_USER] },
      out: { type: "string" },
      "new-passwords": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const engines = values.story.map(engineOf);
  const users = [...USER_NAMES, ...engines.map(({ name }) => name)];
  if (values["new-passwords"]) {
    for (const user of users) console.log(`${variableOf("PASSWORD", user)}=${newPassword()}`);
    return 0;
  }
  const known = await proofs(users, process.env);
  const text = `${JSON.stringify({ accounts: accounts(engines, (user) => known.get(user)!) }, null, 2)}\n`;
  if (values.out === undefined) {
    process.stdout.write(text);
    return 0;
  }
  // Whole or not at all: a server may read it at any moment.
  writeFileSync(`${values.out}.next`, text, { mode: 0o644 });
  renameSync(`${values.out}.next`, values.out);
  return 0;
}

if (import.meta.main) await runToExit(main);
