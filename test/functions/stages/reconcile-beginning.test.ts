import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import { aJob } from './a-job.ts';
import { ABSENT, AGO, at, decide, types } from './decide-given.ts';

describe('beginning', () => {
  const queued = { status: 'queued' as const, updatedAt: AGO(61) };

  it('starts an experiment that has had no execution for a minute', () => {
    expect(decide({ experiment: queued, execution: ABSENT })).toEqual([{ type: 'StartExecution', run: 1 }]);
  });

  it('leaves a younger one to whoever is about to start it', () => {
    expect(decide({ experiment: { ...queued, updatedAt: AGO(59) }, execution: ABSENT })).toEqual([]);
  });

  it('starts nothing when nobody asked whether there is an execution', () => {
    expect(decide({ experiment: queued, execution: UNKNOWN_EXECUTION })).toEqual([]);
  });

  it('runs when the execution does', () => {
    expect(decide({ experiment: queued })).toEqual([{ type: 'BeginRunning', run: 1 }]);
  });

  it('runs when its first job appears', () => {
    const job = aJob({ ...at, stage: 'ingest' }, { status: 'RUNNABLE', startedAt: null });
    expect(types(decide({ experiment: queued, jobs: [job], execution: UNKNOWN_EXECUTION }))).toEqual([
      'BeginRunning',
      'EnterAttempt',
      'WriteAttempt',
    ]);
  });
});
