import { describe } from "vitest";
import { POSTGRES_15, startOtherPostgres } from "../../../ops/testing/other-postgres.ts";
import { testPostgres } from "../testing/database.ts";
import { rebuildAmongOthers } from "../testing/rebuild-among-others.ts";

if (POSTGRES_15 === undefined) console.warn("PostgreSQL 15 is not here: rebuilds are not tried on it");

describe.skipIf(POSTGRES_15 === undefined)("PostgreSQL 15, the oldest that is promised", () => {
  rebuildAmongOthers(() => testPostgres((dir, port) => startOtherPostgres(POSTGRES_15!, dir, port)));
});
