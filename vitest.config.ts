import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    setupFiles: ['test/property-seed.ts'],
    // Generous: on a machine whose neighbours take half of it, a cold import alone takes seconds.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores are what the suite is measured on; more workers only take turns.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['functions/**/*.ts'],
      reporter: ['text'],
      thresholds: { statements: 90 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'functions',
          include: ['test/functions/**/*.test.ts'],
          // One emulated account for all files; each makes tables and buckets of its own.
          globalSetup: ['test/functions/start-local-aws.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'other',
          include: ['test/**/*.test.ts'],
          exclude: ['test/functions/**', 'test/e2e/**'],
        },
      },
    ],
  },
});
