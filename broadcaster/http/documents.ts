/** The public port describes itself: OpenAPI of what it serves, AsyncAPI of the feed and of the subjects behind it. */
import { readFileSync } from "node:fs";
import { ASYNCAPI_FILE } from "../../shared/documents/asyncapi-file.ts";
import { ASYNCAPI_PATH, OPENAPI_PATH, openapi } from "../openapi.ts";
import type { Answer } from "./engine.ts";
import type { Routes } from "./routes.ts";

/** Both are made once, at start; they change with the code alone. */
export function serveDocuments<Data>(routes: Routes<Data>): void {
  routes.answer(OPENAPI_PATH, json(openapi()));
  routes.answer(ASYNCAPI_PATH, json(JSON.parse(readFileSync(ASYNCAPI_FILE, "utf8"))));
}

const json = (document: unknown): Answer => ({
  status: "200 OK",
  headers: { "Content-Type": "application/json", "Cache-Control": "public, max-age=300" },
  body: JSON.stringify(document),
});
