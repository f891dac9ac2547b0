import { rebuildAmongOthers } from "./rebuild-among-others.ts";
import { testPostgres } from "./testing.ts";

rebuildAmongOthers(() => testPostgres());
