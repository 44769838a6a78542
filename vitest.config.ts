import { defineConfig } from 'vitest/config';

/** Tests that read synthesised templates. */
const STACKS = [
  'test/lib/**/*.test.ts',
  'test/containers/*.test.ts',
  'test/local/changes/template-changes.test.ts',
  'test/local/idle-cost/*.test.ts',
  'test/local/preflight/needs.test.ts',
  'test/state-machines/*.asl.test.ts',
];

export default defineConfig({
  test: {
    setupFiles: ['test/property-seed.ts'],
    globalSetup: ['test/lib/assemblies-home.ts'],
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
          name: 'stacks',
          include: STACKS,
          // The CDK takes seconds to import, and each configuration some more to synthesise: once a worker, not once a file. Nothing is mocked here.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'other',
          include: ['test/**/*.test.ts'],
          exclude: ['test/functions/**', 'test/e2e/**', ...STACKS],
        },
      },
    ],
  },
});
