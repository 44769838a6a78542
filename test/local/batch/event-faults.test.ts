import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../../local/batch/clock.ts';
import { Detours } from '../../../local/batch/events/detours.ts';
import { Faults } from '../../../local/batch/faults.ts';
import { eventually, Harness } from './harness.ts';

let batch: Harness;

beforeAll(async () => {
  batch = await Harness.start({ maxConcurrentJobs: 8 });
  await batch.queue('cpu');
  await batch.definition('shell');
});
afterEach(() => batch.control('faults', undefined, 'DELETE'));
afterAll(() => batch.stop());

const succeeded = (id: string) => eventually(() => batch.aws.statusesOf(id).includes('SUCCEEDED'), `the last event of job ${id}`);

describe('events on request', () => {
  it('go out twice, as often as asked, for the jobs and statuses asked', async () => {
    await batch.control('events/double', { jobNamePattern: 'twin-*', statuses: ['SUCCEEDED'] });
    const first = await batch.submit('exit 0', { jobName: 'twin-1' });
    await eventually(() => batch.aws.statusesOf(first).length === 5, 'the double');
    const second = await batch.submit('exit 0', { jobName: 'twin-2' });
    await succeeded(second);
    expect(batch.aws.statusesOf(first)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'SUCCEEDED']);
    expect(batch.aws.statusesOf(second)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
  });

  it('are an hour late on the executor’s clock, and hold up no other', async () => {
    await batch.control('events/delay', { jobNamePattern: 'late', statuses: ['RUNNING'], seconds: 3600 });
    const id = await batch.submit('exit 0', { jobName: 'late' });
    await succeeded(id);
    expect(batch.aws.statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'SUCCEEDED']);
    expect((await batch.control('clock', { timeScale: 7200 })).body).toEqual({ timeScale: 7200 });
    await eventually(() => batch.aws.statusesOf(id).length === 4, 'the late event');
    expect(batch.aws.statusesOf(id).at(-1)).toBe('RUNNING');
  });

  it('are held until as many have come as asked, and then go out newest first', async () => {
    await batch.control('events/reorder', { jobNamePattern: 'turned', count: 3 });
    const id = await batch.submit('exit 0', { jobName: 'turned' });
    await eventually(() => batch.aws.statusesOf(id).length === 4, 'all events');
    expect(batch.aws.statusesOf(id).filter((status) => status !== 'SUCCEEDED')).toEqual(['RUNNING', 'STARTING', 'RUNNABLE']);
  });

  it('that are late or held go out when the faults are forgotten', async () => {
    await batch.control('events/delay', { jobNamePattern: 'freed', statuses: ['SUCCEEDED'], seconds: 3600 });
    await batch.control('events/reorder', { jobNamePattern: 'freed', count: 10 });
    const id = await batch.submit('exit 0', { jobName: 'freed' });
    await batch.ended(id);
    expect(batch.aws.statusesOf(id)).toEqual([]);
    await batch.control('faults', undefined, 'DELETE');
    await eventually(() => batch.aws.statusesOf(id).length === 4, 'all events');
    expect(batch.aws.statusesOf(id).filter((status) => status !== 'SUCCEEDED')).toEqual(['RUNNING', 'STARTING', 'RUNNABLE']);
  });

  it('that are held go out after ten seconds when no more come, and the rule is gone', () => {
    vi.useFakeTimers();
    const faults = new Faults();
    const sent: string[][] = [];
    const detours = new Detours<string>(new Clock(1), faults, (events) => sent.push(events));
    faults.plant('events/reorder', { jobNamePattern: '*', count: 4 });
    for (const event of ['first', 'second']) {
      const reordering = faults.reorderingOfEventOf({ jobName: 'j', status: 'RUNNABLE' });
      if (reordering) detours.hold([event], reordering);
    }
    vi.advanceTimersByTime(9_900);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(sent).toEqual([['second', 'first']]);
    expect(faults.list().faults).toEqual([]);
    vi.useRealTimers();
  });
});

describe('the faults', () => {
  it('are listed until they are used up, with the capacity and the clock, and forgotten all at once', async () => {
    await batch.control('events/drop', { jobNamePattern: 'x', count: 2 });
    await batch.control('jobs/time-out', { jobNamePattern: 'y-*', seconds: 5 });
    await batch.control('queues/capacity', { queue: 'cpu', available: false });
    await batch.control('clock', { timeScale: 60 });
    const queue = 'arn:aws:batch:us-east-1:000000000000:job-queue/cpu';
    expect((await batch.control('faults')).body).toEqual({
      faults: [
        { fault: 'events/drop', jobNamePattern: 'x', statuses: [], count: 2 },
        { fault: 'jobs/time-out', jobNamePattern: 'y-*', seconds: 5, count: 1 },
      ],
      queuesWithoutCapacity: [queue],
      timeScale: 60,
    });
    const none = { faults: [], queuesWithoutCapacity: [], timeScale: 1 };
    expect((await batch.control('faults', undefined, 'DELETE')).body).toEqual(none);
    expect((await batch.control('faults')).body).toEqual(none);
  });

  it.each([
    ['events/drop', { jobNamePattern: 'x', colour: 'red' }, /colour/],
    ['events/drop', { jobNamePattern: 'x', statuses: ['DONE'] }, /statuses.*SUCCEEDED/],
    ['events/double', {}, /jobNamePattern.*expected string/],
    ['events/delay', { jobNamePattern: 'x' }, /seconds.*expected number/],
    ['events/reorder', { jobNamePattern: 'x', count: 1 }, /count.*>=2/],
    ['events/reorder', { jobNamePattern: 'x', count: 11 }, /count.*<=10/],
    ['hosts/reclaim', { jobId: 'a', jobName: 'b' }, /either jobId or jobName is expected/],
    ['queues/capacity', { queue: 'none', available: false }, /none does not exist/],
    ['queues/capacity', { queue: 'cpu' }, /available.*expected boolean/],
    ['jobs/kill', { jobId: 'a', process: 'everything' }, /process.*"container"\|"child"/],
    [
      'jobs/kill',
      { jobId: 'nobody', process: 'child' },
      /nobody does not exist: a job that is STARTING or RUNNING .* is expected/,
    ],
    ['jobs/out-of-memory', {}, /either jobId or jobName is expected/],
    [
      'jobs/overlay',
      { jobNamePattern: 'x', pythonPath: 'here' },
      /pythonPath: the absolute path of an existing folder is expected/,
    ],
    ['jobs/overlay', { jobNamePattern: 'x', pythonPath: '/', environment: { AWS_BATCH_JOB_ID: '1' } }, /AWS_BATCH are reserved/],
    ['clock', { timeScale: 0 }, /timeScale.*>0/],
  ])('%s refuses %j and says what was expected', async (path, body, message) => {
    expect(await batch.control(path, body)).toMatchObject({ status: 400, body: { message: expect.stringMatching(message) } });
  });
});
