import { defineConfig } from "vitest/config";

const reportFile = process.env.TEST_REPORT_FILE;

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["node_modules/**", ".data/**", ".cache/**"],
    // Two cores: more files at once only make the servers that they start wait for each other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", ...(reportFile ? ["json" as const] : [])],
    ...(reportFile ? { outputFile: { json: reportFile } } : {}),
  },
});
