/** The observatory at `/`: files read once, at start. */
import type { TemplatedApp } from "uWebSockets.js";
import { NOT_BUILT, pageFiles } from "../shared/page-files.ts";
import { problemAnswer, serveGet } from "./answer.ts";

export function servePage(app: TemplatedApp): void {
  const files = pageFiles("observatory");
  for (const { path, headers, body } of files)
    serveGet(app, path, () => ({ status: "200 OK", headers, body }));
  const notBuilt = problemAnswer(503, NOT_BUILT);
  if (files.length === 0) serveGet(app, "/", () => notBuilt);
}
