/** The observatory at `/`: files read once, at start. */
import { NOT_BUILT, pageFiles } from "../../shared/process/page-files.ts";
import { problemAnswer } from "./response.ts";
import type { Routes } from "./routes.ts";

export function servePage<Data>(routes: Routes<Data>): void {
  const files = pageFiles("observatory");
  for (const { path, headers, body } of files) routes.answer(path, { status: "200 OK", headers, body });
  if (files.length === 0) routes.answer("/", problemAnswer(503, NOT_BUILT));
}
