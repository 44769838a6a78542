import { defineConfig } from 'vitest/config';

/**
 * The experiments share one tier and mostly wait, so the tests run side by side, those of all files. A few of each file: the tier runs three jobs
 * at a time, and whoever waits behind them only asks how it stands.
 */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['test/e2e/tier.setup.ts'],
    maxWorkers: 9, // all files at once
    maxConcurrency: 4,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
