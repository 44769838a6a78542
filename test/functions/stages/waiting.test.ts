import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueView } from '../../../functions/stages/queue-view.ts';
import { reconcile } from '../../../functions/stages/reconcile.ts';
import { decideFailure } from '../../../functions/stages/stage-failure.ts';
import { capacityUnavailable, hasWaitedLong, type RunnableJob, whyWaiting } from '../../../functions/stages/waiting.ts';
import { anExperiment, anId } from '../an-experiment.ts';
import { aJob, anAttempt, LIMITS, NOW } from './a-job.ts';
import { aQueue, aWaitingJob } from './a-queue.ts';

const OURS = 'ours';
const AGO = (seconds: number) => NOW.getTime() - seconds * 1000;
const ours = (changes: Partial<RunnableJob> = {}): RunnableJob => ({
  jobId: OURS,
  statusReason: null,
  createdAt: AGO(5),
  ...changes,
});
const CAPACITY =
  'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [g6.xlarge]';
const REQUIREMENT =
  'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue.';
/** The head of a queue with what Batch says of it, and us behind it. */
const behind = (statusReason: string, changes: Partial<QueueView> = {}): QueueView =>
  aQueue(0, OURS, { front: [aWaitingJob('secret-0', { statusReason }), aWaitingJob(OURS)], ...changes });

describe('why a job waits', () => {
  it.each([
    ['host', ours(), aQueue(0, OURS), 'First in gpu-spot; no host is free for it yet.'],
    ['turn', ours(), aQueue(1, OURS), 'Second in gpu-spot; one job of other experiments is ahead.'],
    ['turn', ours(), aQueue(2, OURS), 'Third in gpu-spot; two jobs of other experiments are ahead.'],
    ['turn', ours(), aQueue(9, OURS), 'Tenth in gpu-spot; nine jobs of other experiments are ahead.'],
    ['turn', ours(), aQueue(10, OURS), 'Behind at least 10 others in gpu-spot.'],
    ['turn', ours(), aQueue(49, OURS), 'Behind at least 20 others in gpu-spot.'],
    ['turn', ours(), aQueue(100, 'beyond the snapshot'), 'Behind at least 100 others in gpu-spot.'],
    ['host', ours(), aQueue(3, 'not seen yet', { front: [] }), 'Waiting in gpu-spot; no host is free for it yet.'],
    ['maximum', ours(), aQueue(0, OURS, { usedVcpus: 13 }), 'First in gpu-spot; the environment is at its maximum of 16 vCPUs.'],
    [
      'maximum',
      ours(),
      aQueue(2, OURS, { usedVcpus: 16 }),
      'Third in gpu-spot; the environment is at its maximum of 16 vCPUs, and two jobs of other experiments are ahead.',
    ],
    [
      'capacity',
      ours({ statusReason: CAPACITY }),
      aQueue(0, OURS),
      'First in gpu-spot; AWS has no machine for this queue at the moment (CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY).',
    ],
    [
      'capacity',
      ours(),
      behind(CAPACITY),
      'Second in gpu-spot; AWS has no machine for this queue at the moment (CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY).',
    ],
    [
      'blocked',
      ours({ statusReason: REQUIREMENT }),
      aQueue(0, OURS),
      `First in gpu-spot; it cannot start as things are: ${REQUIREMENT}`,
    ],
    [
      'blocked',
      ours(),
      behind(REQUIREMENT),
      'Second in gpu-spot; the job at its head cannot start as things are (MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT).',
    ],
    [
      'blocked',
      ours(),
      behind('UNDETERMINED - Batch job is blocked, root cause is undetermined.'),
      'Second in gpu-spot; the job at its head cannot start as things are (UNDETERMINED).',
    ],
  ] as const)('%s: %#', (kind, job, queue, reason) => {
    expect(whyWaiting(job, queue)).toEqual({ kind, reason });
  });

  it('never names a job of somebody else', () => {
    const statusReasons = fc.constantFrom(null, CAPACITY, REQUIREMENT);
    fc.assert(
      fc.property(fc.nat(120), fc.nat(20), statusReasons, (ahead, usedVcpus, statusReason) => {
        const queue = aQueue(ahead, OURS, { usedVcpus });
        const front = queue.front.slice(0, 100).map((waiting, index) => (index === 0 ? { ...waiting, statusReason } : waiting));
        expect(whyWaiting(ours(), { ...queue, front }).reason).not.toMatch(/secret|ours/);
      }),
    );
  });
});

describe('a job that waits for capacity', () => {
  const LIMIT = 600;

  /** Every combination of what counts, each just on either side of its limit. */
  const combinations = [LIMIT, LIMIT + 1, 2 * LIMIT, 2 * LIMIT + 1].flatMap((waited) =>
    ['head', 'behind', 'out of sight'].flatMap((position) =>
      [null, LIMIT, LIMIT + 1, 2 * LIMIT, 2 * LIMIT + 1].flatMap((lastStart) =>
        [12, 13].flatMap((used) => [LIMIT, null].map((limit) => ({ waited, position, lastStart, used, limit }))),
      ),
    ),
  );
  const setUp = ({ waited, position, lastStart, used, limit }: (typeof combinations)[number]) => ({
    job: ours({ createdAt: AGO(waited) }),
    queue: aQueue(position === 'head' ? 0 : 2, position === 'out of sight' ? 'another' : OURS, {
      usedVcpus: used,
      limitSeconds: limit,
      lastStartAt: lastStart === null ? null : AGO(lastStart),
    }),
  });

  it.each(combinations)('waited $waited s, $position, last start $lastStart s ago, $used of 16 vCPUs, limit $limit', (given) => {
    const { job, queue } = setUp(given);
    const { waited, position, lastStart, used } = given;
    // Spelled out independently of the code: the head is Batch's until twice the limit is over.
    const patience = position === 'head' ? 2 * LIMIT : LIMIT;
    const ends =
      given.limit !== null && waited > patience && (lastStart ?? Number.POSITIVE_INFINITY) > patience && used + 4 <= 16;
    expect(capacityUnavailable(job, queue, NOW) !== undefined).toBe(ends);
  });

  it('says which queue started nothing for how long', () => {
    const job = ours({ createdAt: AGO(LIMIT + 1) });
    expect(capacityUnavailable(job, aQueue(2, OURS), NOW)).toBe(
      'Stage.CapacityUnavailable: gpu-spot started nothing for 600 s, although its environment is below its maximum of 16 vCPUs',
    );
  });

  it('is never ended while its queue started something within the limit, the environment is full, or that is not known', () => {
    const views = fc.record({
      ahead: fc.nat(110),
      waited: fc.nat(5_000),
      lastStart: fc.option(fc.nat(5_000)),
      asked: fc.boolean(),
      maxVcpus: fc.integer({ min: 4, max: 64 }),
      usedVcpus: fc.nat(64),
      needs: fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 2, maxLength: 2 }),
    });
    fc.assert(
      fc.property(views, ({ ahead, waited, lastStart, asked, maxVcpus, usedVcpus, needs }) => {
        const [first = 1, own = 1] = needs;
        const { front } = aQueue(ahead, OURS);
        const queue = aQueue(ahead, OURS, {
          front: front
            .map((waiting, index) => ({ ...waiting, vcpus: waiting.jobId === OURS ? own : index === 0 ? first : 1 }))
            .slice(0, 100),
          maxVcpus,
          usedVcpus,
          lastStartAt: asked ? (lastStart === null ? null : AGO(lastStart)) : 'unknown',
        });
        const job = ours({ createdAt: AGO(waited) });
        if (capacityUnavailable(job, queue, NOW) === undefined) return;
        expect(asked).toBe(true);
        expect(waited).toBeGreaterThan(LIMIT);
        expect(lastStart ?? Number.POSITIVE_INFINITY).toBeGreaterThan(LIMIT);
        expect(usedVcpus + (ahead === 0 ? own : first)).toBeLessThanOrEqual(maxVcpus);
        expect(hasWaitedLong(job, queue, NOW)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is tried again on the next rung, as when Batch itself gave it up', () => {
    const statusReason = capacityUnavailable(ours({ createdAt: AGO(LIMIT + 1) }), aQueue(2, OURS), NOW) ?? '';
    const decision = decideFailure({
      status: 'running',
      job: { status: 'FAILED', statusReason, exitCode: null, reason: null },
      result: { verdict: 'unusable', because: 'it left no result.json' },
      earlier: [],
      maxAttempts: 3,
      rungs: 3,
    });
    expect(decision).toMatchObject({ error: 'Stage.CapacityUnavailable', action: 'again', rung: 1, delaySeconds: 0 });
    expect(decision.message).toMatch(/^gpu-spot started nothing for 600 s/);
  });
});

describe('the reconciler', () => {
  const id = anId();
  const current = { run: 1, stage: 'train', attempt: 1 } as const;
  const RUNNING = { state: 'seen', status: 'RUNNING', error: null, cause: null } as const;
  const waits = aJob({ experimentId: id }, { jobId: OURS, status: 'RUNNABLE', startedAt: null, createdAt: AGO(700) });
  const decide = (
    queue: QueueView | undefined,
    {
      job = waits,
      waiting,
      execution = RUNNING,
    }: { job?: typeof waits; waiting?: string; execution?: typeof RUNNING | { state: 'unknown' } } = {},
  ) => {
    const experiment = anExperiment({
      id,
      status: 'running',
      current,
      ...(waiting ? { waiting: { reason: waiting, since: NOW.toISOString() } } : {}),
    });
    const stored = { experiment, attempts: [anAttempt(job)] };
    const batch = { jobs: [job], complete: true, queue };
    return reconcile(stored, batch, execution, { kept: undefined, document: 'unknown' }, NOW, LIMITS);
  };
  const turn = 'Third in gpu-spot; two jobs of other experiments are ahead.';

  it('writes the sentence once', () => {
    const queue = aQueue(2, OURS, { lastStartAt: AGO(30) });
    expect(decide(queue)).toEqual([
      { type: 'StartWaiting', at: waits.at, reason: turn, since: new Date(AGO(700)).toISOString() },
    ]);
    expect(decide(queue, { waiting: turn })).toEqual([]);
  });

  it('writes the next one when the place changes', () => {
    expect(decide(aQueue(1, OURS, { lastStartAt: AGO(30) }), { waiting: turn })).toMatchObject([
      { type: 'StartWaiting', reason: 'Second in gpu-spot; one job of other experiments is ahead.' },
    ]);
  });

  it('keeps what is known when an event comes that does not tell of the queue', () => {
    expect(decide(undefined, { waiting: turn })).toEqual([]);
    expect(decide(undefined, { waiting: turn, job: { ...waits, statusReason: CAPACITY } })).toEqual([]);
  });

  it('says nothing in the minute in which a host comes up', () => {
    const young = { ...waits, createdAt: AGO(59) };
    expect(decide(aQueue(0, OURS), { job: young })).toEqual([]);
    expect(decide(aQueue(1, OURS), { job: young })).toMatchObject([{ type: 'StartWaiting' }]);
  });

  it('takes the job out of a queue that gets no machines, without ending it should it start meanwhile', () => {
    expect(decide(aQueue(2, OURS), { waiting: turn })).toEqual([
      { type: 'CancelJob', jobId: OURS, reason: expect.stringMatching(/^Stage\.CapacityUnavailable: /) },
    ]);
  });

  it('leaves it while the environment is full, or while nobody knows that the execution waits for it', () => {
    expect(decide(aQueue(2, OURS, { usedVcpus: 16 }), { waiting: turn }).map(({ type }) => type)).toEqual(['StartWaiting']);
    expect(decide(aQueue(2, OURS), { waiting: turn, execution: { state: 'unknown' } })).toEqual([]);
  });
});
