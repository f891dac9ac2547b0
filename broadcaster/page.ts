/** The page at `/`: plain files, read once at start. Its modules are the client library itself, with the types taken out. */

import type { TemplatedApp } from "uWebSockets.js";
import { readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { serveGet } from "./answer.ts";

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

const require = createRequire(import.meta.url);
const textAt = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const typescript = (path: string): string => stripTypeScriptTypes(textAt(path));
/** msgpackr ships a script for browsers without `eval`; as a module it still names itself on `globalThis`. */
const msgpackr = (): string => {
  const script = readFileSync(require.resolve("msgpackr/index-no-eval").replace(/\.cjs$/, ".min.js"), "utf8");
  return `${script.replace(/\/\/# sourceMappingURL=.*/, "")}\nexport const { Unpackr } = globalThis.msgpackr;\n`;
};
const canonicalize = (): string => readFileSync(new URL(import.meta.resolve("canonicalize")), "utf8");

export function servePage(app: TemplatedApp): void {
  const files: [path: string, type: string, body: string][] = [
    ["/", HTML, textAt("./web/index.html")],
    ["/page.css", STYLE, textAt("./web/page.css")],
    ["/page.js", SCRIPT, textAt("./web/page.js")],
    ["/shared/feed-client.ts", SCRIPT, typescript("../shared/feed-client.ts")],
    ["/shared/merge-patch.ts", SCRIPT, typescript("../shared/merge-patch.ts")],
    ["/shared/state-hash.ts", SCRIPT, typescript("../shared/state-hash.ts")],
    ["/shared/token-refresh.ts", SCRIPT, typescript("../shared/token-refresh.ts")],
    ["/msgpackr.js", SCRIPT, msgpackr()],
    ["/canonicalize.js", SCRIPT, canonicalize()],
  ];
  for (const [path, type, body] of files) {
    const headers = { "Content-Type": type, "Cache-Control": "no-cache" };
    serveGet(app, path, () => ({ status: "200 OK", headers, body }));
  }
}
