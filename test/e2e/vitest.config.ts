import { defineConfig } from 'vitest/config';

/** The experiments share one tier and mostly wait, so the tests of a file run side by side; the tier runs two jobs at a time. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['test/e2e/tier.setup.ts'],
    fileParallelism: false,
    maxConcurrency: 20,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
