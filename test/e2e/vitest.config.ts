import { defineConfig } from 'vitest/config';

/** The experiments share one tier and mostly wait, so the tests run side by side, those of all files; the tier runs a few jobs at a time. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['test/e2e/tier.setup.ts'],
    maxWorkers: 6, // all files at once
    maxConcurrency: 20,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
