/**
 * Makes the README's picture: `node ops/testing/observatory-picture.ts URL`, where URL is the page of a demo that has run for some
 * 40 ticks. It writes `ops/docs/observatory.webp` with this machine's Chromium.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findChromium, openBrowser } from "./browser.ts";

const FILE = join(import.meta.dirname, "../docs/observatory.webp");
const MAX_BYTES = 200_000;

/** What runs in the browser: the picture as a data URL of WebP. Playwright itself writes PNG, of three times the size. */
const AS_WEBP = `async (png) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", 0.9);
}`;

const [url] = process.argv.slice(2);
const chromium = findChromium();
if (url === undefined || chromium === undefined) {
  console.error("observatory-picture: needs the address of a page, and Chromium on PATH");
  process.exit(2);
}
const browser = await openBrowser(chromium);
try {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 860 }, colorScheme: "light" });
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  // The feed brings the world, and the past comes in three reads after it.
  await page.waitForTimeout(5_000);
  const png = (await page.screenshot()).toString("base64");
  const blank = await browser.newPage();
  const webp = await blank.evaluate<string>(`(${AS_WEBP})(${JSON.stringify(png)})`);
  const bytes = Buffer.from(webp.slice(webp.indexOf(",") + 1), "base64");
  writeFileSync(FILE, bytes);
  console.log(`${FILE}: ${bytes.length} bytes`);
  if (bytes.length > MAX_BYTES) {
    console.error(`observatory-picture: the picture has more than ${MAX_BYTES} bytes`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
}
