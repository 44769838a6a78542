import { describe, expect, it } from 'vitest';
import { STAGE_ERRORS, type StageError } from '../../../functions/shared/contracts/names.ts';
import type { FailureDecision, FailureQuestion } from '../../../functions/stages/stage-failure.ts';
import { batchFailure, batchFailures } from './batch-failure.ts';
import { decideFixture } from './decide-fixture.ts';

type Row = {
  error: StageError;
  action: FailureDecision['action'];
  rung: number;
  divisor: number;
  /** Whether AWS's pages have a text for it; exit codes of ours are in nobody's documentation. */
  documented: boolean;
  fixtures: readonly string[];
};

const again = { action: 'again', rung: 0, divisor: 1 } as const;
const fail = { action: 'fail', rung: 0, divisor: 1 } as const;
const climbs = { action: 'again', rung: 1, divisor: 1 } as const;

/** The table of the design, row by row, with every fixture that falls under it. */
const TABLE: Readonly<Record<string, Row>> = {
  'our own reason: hung': { error: 'Stage.Hung', ...climbs, documented: true, fixtures: ['hung-terminated-by-us'] },
  'our own reason: no capacity': {
    error: 'Stage.CapacityUnavailable',
    ...climbs,
    documented: true,
    fixtures: ['capacity-cancelled-by-us'],
  },
  'our own reason: the pipeline stopped waiting': {
    error: 'Stage.TimedOut',
    ...fail,
    documented: true,
    fixtures: ['timed-out-by-us'],
  },
  'our own reason: superseded': { error: 'Stage.Superseded', ...fail, documented: true, fixtures: ['superseded-by-us'] },
  'our own reason: cancelled': {
    error: 'Stage.Cancelled',
    action: 'end',
    rung: 0,
    divisor: 1,
    documented: true,
    fixtures: ['cancelled-by-us'],
  },
  'Host EC2': {
    error: 'Stage.Interrupted',
    ...climbs,
    documented: true,
    fixtures: ['host-terminated', 'host-stopped', 'host-reclaimed-mid-exit'],
  },
  CAPACITY: {
    error: 'Stage.CapacityUnavailable',
    ...climbs,
    documented: true,
    fixtures: ['capacity-cancelled', 'capacity-first-in-line'],
  },
  MISCONFIGURATION: {
    error: 'Stage.Misconfigured',
    ...fail,
    documented: true,
    fixtures: ['misconfigured-environment', 'misconfigured-job', 'misconfigured-instance', 'misconfigured-terminated'],
  },
  // AWS describes the behaviour (job_timeouts.html) and nowhere quotes the sentence.
  'attempt duration exceeded': {
    error: 'Stage.TimedOut',
    ...fail,
    documented: false,
    fixtures: ['attempt-duration-exceeded'],
  },
  'container out of memory': {
    error: 'Stage.OutOfMemory',
    ...again,
    divisor: 2,
    documented: true,
    fixtures: ['out-of-memory', 'out-of-memory-lower-case'],
  },
  'exit 67': { error: 'Stage.OutOfMemory', ...again, divisor: 2, documented: false, fixtures: ['cuda-out-of-memory'] },
  'image, agent or host': {
    error: 'Stage.Infrastructure',
    ...again,
    documented: true,
    fixtures: [
      'cannot-pull-image',
      'cannot-pull-connection',
      'cannot-pull-image-not-found',
      'cannot-pull-disk-full',
      'cannot-pull-retried',
      'cannot-pull-exited',
      'cannot-start-container',
      'cannot-stop-container',
      'cannot-inspect-container',
      'docker-timeout',
      'container-runtime-timeout',
      'resource-initialization',
      'failed-to-start',
      'agent-error',
      'agent-reason',
      'host-deregistered',
    ],
  },
  'exit 74': { error: 'Stage.Infrastructure', ...again, documented: false, fixtures: ['disk-full-or-service-away'] },
  'exit 75': { error: 'Stage.Interrupted', ...climbs, documented: false, fixtures: ['interrupted-with-checkpoint'] },
  'exit 64': { error: 'Stage.InvalidInput', ...fail, documented: false, fixtures: ['invalid-input'] },
  'exit 65': { error: 'Stage.Diverged', ...fail, documented: false, fixtures: ['diverged'] },
  'exit 66': {
    error: 'Stage.GateRejected',
    action: 'reject',
    rung: 0,
    divisor: 1,
    documented: false,
    fixtures: ['gate-rejected'],
  },
  'exit 0 without a result': {
    error: 'Stage.ContractBroken',
    ...fail,
    documented: true,
    fixtures: ['exit-zero', 'exit-zero-failed', 'succeeded-without-exit-code'],
  },
  // The codes are Docker's; that nothing is said beside them is what makes this row.
  'exit 137 or 143 without a reason': {
    error: 'Stage.Interrupted',
    ...climbs,
    documented: false,
    fixtures: ['killed-without-a-reason', 'terminated-without-a-reason'],
  },
  'anything else': {
    error: 'Stage.Failed',
    ...fail,
    documented: true,
    fixtures: ['exit-one', 'exit-255', 'segmentation-fault', 'never-started', 'ended-by-an-operator'],
  },
};

const CASES = Object.entries(TABLE).flatMap(([row, { fixtures, ...expected }]) =>
  fixtures.map((name) => ({ name, row, ...expected })),
);

describe('the table of failures', () => {
  it('has a row for every fixture, and one only', () => {
    expect(CASES.map(({ name }) => name).sort()).toEqual(batchFailures().sort());
  });

  it('knows every error', () => {
    expect([...new Set(CASES.map(({ error }) => error))].sort()).toEqual([...STAGE_ERRORS].sort());
  });

  it.each(CASES)('$row: $name is $error, $action', ({ name, error, action, rung, divisor }) => {
    expect(decideFixture(name)).toMatchObject({
      error,
      action,
      rung,
      microBatchDivisor: divisor,
      delaySeconds: error === 'Stage.Infrastructure' ? 10 : 0,
      remedy: expect.stringMatching(/^[A-Z].+\.$/),
      message: expect.stringMatching(/\S/),
    });
  });

  it.each(CASES)('$name ends quietly when the experiment is being cancelled', ({ name }) => {
    for (const status of ['cancelling', 'cancelled'] as const)
      expect(decideFixture(name, { status })).toMatchObject({ error: 'Stage.Cancelled', action: 'end' });
  });
});

describe('the fixtures of failures', () => {
  it.each(batchFailures())('%s says where it comes from', (name) => {
    const { source, provenance, note } = batchFailure(name);
    expect(['documented', 'reported', 'constructed']).toContain(provenance);
    expect(note.length).toBeGreaterThan(10);
    if (provenance === 'documented') expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
    if (provenance === 'reported') expect(source).toMatch(/^https:\/\/github\.com\//);
  });

  it.each(Object.entries(TABLE))("%s: AWS's own words are tried where AWS has any", (_row, { documented, fixtures }) => {
    expect(fixtures.some((name) => batchFailure(name).provenance === 'documented')).toBe(documented);
  });
});

describe('a failure that is the fault of input, model or configuration', () => {
  const ALWAYS_FINAL = CASES.filter(({ error }) =>
    ['Stage.InvalidInput', 'Stage.Diverged', 'Stage.GateRejected', 'Stage.Misconfigured'].includes(error),
  );
  const EARLIER: readonly (readonly StageError[])[] = [
    [],
    ...STAGE_ERRORS.map((error) => [error]),
    ['Stage.Interrupted', 'Stage.OutOfMemory', 'Stage.Infrastructure', 'Stage.Infrastructure'],
  ];
  const report = (name: StageError): FailureQuestion['result'] => ({
    verdict: 'failed',
    report: { name, message: 'm', where: null, remedy: null, diagnostics: [] },
  });
  const RESULTS: readonly FailureQuestion['result'][] = [
    { verdict: 'unusable', because: 'it left no result.json' },
    { verdict: 'succeeded', manifest: 's3://experiments/manifest.json', summary: {} as never },
    ...STAGE_ERRORS.map(report),
  ];

  it('has fixtures for all four', () => {
    expect(new Set(ALWAYS_FINAL.map(({ error }) => error)).size).toBe(4);
  });

  it.each(ALWAYS_FINAL)('is never tried again: $name', ({ name, error, action }) => {
    for (const earlier of EARLIER)
      for (const result of RESULTS)
        for (const maxAttempts of [1, 3, 10])
          for (const rungs of [1, 3])
            expect(decideFixture(name, { earlier, result, maxAttempts, rungs })).toMatchObject({
              error,
              action,
              delaySeconds: 0,
            });
  });
});
