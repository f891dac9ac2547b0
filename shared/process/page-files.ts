/** The built pages as files to serve, and the headers that go with them. `ops/tools/pages/build.ts` builds them. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative } from "node:path";

/** Where a page's sources are, and below which path it is served. */
export const PAGES = {
  observatory: { source: "broadcaster/web", base: "/" },
  gm: { source: "ingest/web", base: "/gm/" },
} as const;
export type PageName = keyof typeof PAGES;

export const PAGES_DIR = join(import.meta.dirname, "../../dist");

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Everything comes from where the page comes from; nothing inline, nothing framed, nothing sent elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export type PageFile = {
  /** As it is asked for: `/`, `/assets/main-C0ffee.js`. */
  path: string;
  headers: Record<string, string>;
  body: string;
};

/** Every file of a page; none where it isn't built. */
export function pageFiles(name: PageName): PageFile[] {
  const dir = join(PAGES_DIR, name);
  return filesIn(dir).map((file) => {
    const path = `${PAGES[name].base}${relative(dir, file)}`.replace(/index\.html$/, "");
    return { path, headers: headersOf(file), body: readFileSync(file, "utf8") };
  });
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function headersOf(file: string): Record<string, string> {
  const extension = extname(file);
  const type = TYPES[extension];
  if (type === undefined) throw new Error(`${file} is of a type that no page should have`);
  return {
    "Content-Type": type,
    // An asset's name is made of what is in it.
    "Cache-Control": file.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
  };
}

export const NOT_BUILT = "the page is not built: npm run pages builds it";
