import { describe, expect, it } from 'vitest';
import { aJob, anAttempt, NOW } from './a-job.ts';
import { AGO, at, current, decide, types } from './decide-given.ts';

describe('waiting', () => {
  const waits = aJob(at, { status: 'RUNNABLE', startedAt: null });
  const known = { experiment: { current }, attempts: [anAttempt(waits)] };

  it('says what Batch says', () => {
    const statusReason = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested';
    expect(decide({ ...known, jobs: [{ ...waits, statusReason }] })).toEqual([
      { type: 'StartWaiting', at: waits.at, reason: statusReason, since: AGO(30) },
    ]);
  });

  it('says so itself after a minute, once', () => {
    const long = { ...waits, createdAt: NOW.getTime() - 61_000 };
    const [action] = decide({ ...known, jobs: [long] });
    expect(action).toMatchObject({ type: 'StartWaiting', reason: 'No host of gpu-spot is free for it yet.' });
    const waiting = { reason: 'No host of gpu-spot is free for it yet.', since: AGO(61) };
    expect(decide({ experiment: { current, waiting }, attempts: [anAttempt(long)], jobs: [long] })).toEqual([]);
  });

  it('is no news within the first minute', () => {
    expect(decide({ ...known, jobs: [waits] })).toEqual([]);
  });

  it('is over when the job starts', () => {
    const waiting = { reason: 'r', since: AGO(61) };
    expect(types(decide({ experiment: { current, waiting }, attempts: [anAttempt(waits)], jobs: [aJob(at)] }))).toEqual([
      'NoteStarted',
      'StopWaiting',
      'WriteAttempt',
    ]);
  });
});
