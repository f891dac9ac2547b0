import { defineConfig } from "vitest/config";
import { FUZZ_CASES } from "./ops/testing/fuzz.ts";

const reportFile = process.env.TEST_REPORT_FILE;
/** `npm run test:slow`: what takes minutes by nature, such as clusters and soaks. */
const slow = process.env.TEST_SLOW === "1";

/** What the public port promises is promised on both of its engines: these files run once more on the one that isn't the default. */
const PUBLIC_PORT = [
  "broadcaster/{feed,player-feed,pulse-feed,hostile,limits,public,sse}.test.ts",
  "broadcaster/feed/feed.e2e.test.ts",
];

export default defineConfig({
  // For ops/testing/vitest.sh, which runs the tests by way of a link where it has to.
  resolve: { preserveSymlinks: true },
  // As the pages are built.
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: [slow ? "**/*.slow.test.ts" : "**/*.test.{ts,tsx}"],
          exclude: slow ? [] : ["**/*.slow.test.ts"],
        },
      },
      ...(slow
        ? []
        : [
            {
              extends: true as const,
              test: { name: "ws", include: PUBLIC_PORT, env: { AMOI_FEED_ENGINE: "ws" } },
            },
          ]),
    ],
    exclude: ["node_modules/**", ".data/**", ".cache/**"],
    // Two cores: more files at once only make the servers that they start wait for each other.
    maxWorkers: 2,
    // A fuzzed property takes as long as it takes.
    testTimeout: slow ? 1_200_000 : FUZZ_CASES === undefined ? 60_000 : 0,
    hookTimeout: slow ? 120_000 : 60_000,
    passWithNoTests: slow,
    setupFiles: FUZZ_CASES === undefined ? [] : ["ops/testing/fuzz-setup.ts"],
    reporters: ["default", ...(reportFile ? ["json" as const] : [])],
    ...(reportFile ? { outputFile: { json: reportFile } } : {}),
  },
});
