import { rebuildAmongOthers } from "../testing/rebuild-among-others.ts";
import { testPostgres } from "../testing/testing.ts";

rebuildAmongOthers(() => testPostgres());
