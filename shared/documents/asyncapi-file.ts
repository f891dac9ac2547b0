/** Where the document of subjects and feed is checked in. */
import { fileURLToPath } from "node:url";

export const ASYNCAPI_FILE = fileURLToPath(new URL("./asyncapi.json", import.meta.url));
