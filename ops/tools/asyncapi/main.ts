/** `npm run asyncapi`: writes the document of subjects and feed anew, after a change of the contracts that is meant. */
import { writeFile } from "node:fs/promises";
import { asyncapi } from "../../../shared/documents/asyncapi.ts";
import { ASYNCAPI_FILE } from "../../../shared/documents/asyncapi-file.ts";

await writeFile(ASYNCAPI_FILE, `${JSON.stringify(asyncapi(), null, 2)}\n`);
console.log(`written to ${ASYNCAPI_FILE}`);
