/** `npm run archive:migrate`: brings the archive's database up to date, as its owner, and makes the roles where it may. */
import { EnvError, readEnv } from "../../../shared/process/env.ts";
import { openLog } from "../../../shared/process/log.ts";
import { migrateDatabase, prepareRoles } from "../../local/prepare-database.ts";
import { readArguments, runToExit } from "../arguments.ts";

const HELP = `Brings the archive's database up to date: its tables in the schema amoi, everybody's views in amoi_read, and the rights of the three roles.

  npm run archive:migrate

  DATABASE_MIGRATE_URL      of amoi_migrate, who owns the tables

The first time, and where an archive of an earlier release lies in the schema public, an administrator's URL makes the roles
amoi_migrate, amoi_archive and amoi_read with the passwords of their URLs, and carries that archive over:

  AMOI_DATABASE_ADMIN_URL   of a role that may make roles, and owns what is carried over
  DATABASE_URL              of amoi_archive
  DATABASE_READ_URL         of amoi_read

A password may be in its URL, percent-encoded, or as it is in AMOI_DATABASE_MIGRATE_PASSWORD, AMOI_DATABASE_ADMIN_PASSWORD,
AMOI_DATABASE_PASSWORD and AMOI_DATABASE_READ_PASSWORD. Repeating it changes nothing. End the archive of an earlier release first.
npm start does all of this by itself for its own Postgres.`;

/** Runs the command; answers the exit code. */
async function main(): Promise<number> {
  const { values } = readArguments({ options: { help: { type: "boolean", short: "h", default: false } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const env = readEnv(process.env);
  const migrate = env.DATABASE_MIGRATE_URL;
  if (migrate === undefined)
    throw new EnvError("DATABASE_MIGRATE_URL is required; --help tells what it has to be");
  const admin = env.AMOI_DATABASE_ADMIN_URL;
  if (admin !== undefined) {
    const { DATABASE_URL: archive, DATABASE_READ_URL: read } = env;
    if (archive === undefined || read === undefined)
      throw new EnvError("DATABASE_URL and DATABASE_READ_URL are required to make the roles");
    await prepareRoles(admin, { archive, migrate, read });
    console.log("the roles amoi_migrate, amoi_archive and amoi_read are there");
  }
  const applied = await migrateDatabase(migrate, openLog(env, "migrate"));
  console.log(applied.length === 0 ? "the database is up to date" : `applied ${applied.join(", ")}`);
  return 0;
}

await runToExit(main);
