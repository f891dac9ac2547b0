import { defineConfig } from "vitest/config";
import { FUZZ_CASES } from "./ops/testing/fuzz.ts";

const reportFile = process.env.TEST_REPORT_FILE;

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["node_modules/**", ".data/**", ".cache/**"],
    // Two cores: more files at once only make the servers that they start wait for each other.
    maxWorkers: 2,
    // A fuzzed property takes as long as it takes.
    testTimeout: FUZZ_CASES === undefined ? 60_000 : 0,
    hookTimeout: 60_000,
    setupFiles: FUZZ_CASES === undefined ? [] : ["ops/testing/fuzz-setup.ts"],
    reporters: ["default", ...(reportFile ? ["json" as const] : [])],
    ...(reportFile ? { outputFile: { json: reportFile } } : {}),
  },
});
