import { testPostgres } from "../testing/database.ts";
import { rebuildAmongOthers } from "../testing/rebuild-among-others.ts";

rebuildAmongOthers(() => testPostgres());
