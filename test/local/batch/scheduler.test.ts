import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightedUsage, weightOf } from '../../../local/batch/scheduling/fair-share.ts';
import { offersOf, someInstanceHolds } from '../../../local/batch/scheduling/instance-types.ts';
import {
  COMPUTE_ENVIRONMENT_MAX_RESOURCE,
  decide,
  frontOfQueue,
  JOB_RESOURCE_REQUIREMENT,
  type SchedulerInput,
  type WaitingJob,
} from '../../../local/batch/scheduling/scheduler.ts';

const NOW = 1_700_000_000_000;
const environment = (name: string, more = {}) => ({
  name,
  enabled: true,
  maxVcpus: 8,
  instanceTypes: ['c6i'],
  hasCapacity: true,
  ...more,
});
const queue = (name: string, more = {}) => ({ name, priority: 1, environments: ['e1'], ...more });
const job = (id: string, sequence: number, more: Partial<WaitingJob> = {}): WaitingJob => ({
  id,
  sequence,
  queue: 'q1',
  needs: { vcpus: 2, memory: 512, gpus: 0 },
  share: '',
  priority: 0,
  ...more,
});
const input = (more: Partial<SchedulerInput>): SchedulerInput => ({
  now: NOW,
  environments: [environment('e1')],
  queues: [queue('q1')],
  waiting: [],
  running: [],
  history: [],
  freeSlots: 99,
  ...more,
});
const startedIds = (given: SchedulerInput) => decide(given).starts.map(({ jobId }) => jobId);

const anyInput: fc.Arbitrary<SchedulerInput> = fc
  .record({
    environments: fc.array(
      fc.record({ maxVcpus: fc.integer({ min: 1, max: 16 }), enabled: fc.boolean(), hasCapacity: fc.boolean() }),
      { minLength: 1, maxLength: 3 },
    ),
    queues: fc.array(
      fc.record({ priority: fc.integer({ min: 0, max: 2 }), order: fc.array(fc.nat(2), { maxLength: 3 }), fair: fc.boolean() }),
      { minLength: 1, maxLength: 3 },
    ),
    jobs: fc.array(
      fc.record({
        queue: fc.nat(2),
        vcpus: fc.integer({ min: 1, max: 20 }),
        share: fc.constantFrom('a', 'b', 'c'),
        priority: fc.nat(2),
      }),
      { maxLength: 25 },
    ),
    running: fc.array(fc.record({ environment: fc.nat(2), vcpus: fc.integer({ min: 1, max: 4 }) }), { maxLength: 3 }),
    freeSlots: fc.nat(6),
    vcpuCap: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  })
  .map(({ environments, queues, jobs, running, freeSlots, vcpuCap }) =>
    input({
      environments: environments.map((each, index) => environment(`e${index}`, each)),
      queues: queues.map(({ priority, order, fair }, index) =>
        queue(`q${index}`, {
          priority,
          environments: [...new Set(order)].map((each) => `e${each}`),
          fairShare: fair ? {} : undefined,
        }),
      ),
      waiting: jobs.map(({ queue: index, vcpus, share, priority }, sequence) =>
        job(`j${sequence}`, sequence, { queue: `q${index}`, needs: { vcpus, memory: 512, gpus: 0 }, share, priority }),
      ),
      running: running.map(({ environment: index, vcpus }) => ({
        environment: `e${index}`,
        queue: 'q0',
        vcpus,
        share: 'a',
        startedAt: NOW - 1000,
      })),
      freeSlots,
      vcpuCap,
    }),
  );

describe('laws of the scheduler', () => {
  it('never exceeds an environment’s vCPUs, the machine’s slots, or starts a job twice or where its queue does not reach', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const { starts } = decide(given);
        expect(starts.length).toBeLessThanOrEqual(given.freeSlots);
        expect(new Set(starts.map(({ jobId }) => jobId)).size).toBe(starts.length);
        for (const { name, maxVcpus, enabled, hasCapacity } of given.environments) {
          const here = starts
            .filter((start) => start.environment === name)
            .map(({ jobId }) => given.waiting.find(({ id }) => id === jobId));
          const before = given.running.filter((each) => each.environment === name).reduce((sum, { vcpus }) => sum + vcpus, 0);
          const added = here.reduce((sum, each) => sum + (each?.needs.vcpus ?? 0), 0);
          if (here.length > 0 && given.vcpuCap === undefined) expect(before + added).toBeLessThanOrEqual(maxVcpus);
          if (!enabled || !hasCapacity) expect(here).toEqual([]);
          for (const each of here) expect(given.queues.find((one) => one.name === each?.queue)?.environments).toContain(name);
        }
      }),
    );
  });

  it('is deterministic, whatever the order in which it is told', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const turned = { ...given, waiting: given.waiting.toReversed(), queues: given.queues.toReversed() };
        expect(decide(turned)).toEqual(decide(given));
      }),
    );
  });

  it('lets no job of a FIFO queue overtake an older one', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const ids = new Set(startedIds(given));
        for (const { name, fairShare } of given.queues) {
          if (fairShare) continue;
          const flags = given.waiting.filter((each) => each.queue === name).map(({ id }) => ids.has(id));
          expect(flags.lastIndexOf(true)).toBeLessThan(flags.includes(false) ? flags.indexOf(false) : flags.length);
        }
      }),
    );
  });

  it('starves nobody: repeated rounds start every job that some environment can hold and none blocks', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const environments = given.environments.map((each) => ({ ...each, enabled: true, hasCapacity: true, maxVcpus: 20 }));
        const queues = given.queues.map((each) => ({ ...each, environments: ['e0'] }));
        let waiting = given.waiting.filter(({ queue: name }) => queues.some((each) => each.name === name));
        for (let round = 0; round <= given.waiting.length && waiting.length > 0; round += 1) {
          const ids = startedIds({ ...given, environments, queues, waiting, running: [], freeSlots: 1 });
          expect(ids).toHaveLength(1);
          waiting = waiting.filter(({ id }) => !ids.includes(id));
        }
        expect(waiting).toEqual([]);
      }),
    );
  });
});

describe('the front of a queue', () => {
  it('lists its waiting jobs in the order in which they start when one starts after the other', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const environments = [environment('e0', { maxVcpus: 1000 })];
        const queues = given.queues.map((each) => ({ ...each, environments: ['e0'] }));
        for (const { name } of queues) {
          const waiting = given.waiting.filter((each) => each.queue === name);
          const all = { ...given, environments, queues, waiting, running: [], freeSlots: 999, vcpuCap: undefined };
          expect(frontOfQueue(all, name)).toEqual(startedIds(all));
        }
      }),
    );
  });

  it('shows a hundred at most, and nothing of a queue that is not there', () => {
    const waiting = Array.from({ length: 120 }, (_, index) => job(`j${index}`, index));
    expect(frontOfQueue(input({ waiting }), 'q1')).toEqual(waiting.slice(0, 100).map(({ id }) => id));
    expect(frontOfQueue(input({ waiting }), 'none')).toEqual([]);
  });
});

describe('a queue whose environments have no capacity', () => {
  const dry = (name: string, more = {}) => environment(name, { hasCapacity: false, ...more });
  const reason =
    'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [c6i]';

  it('is blocked by its head, with AWS’s reason, and only by it', () => {
    const waiting = [job('head', 1), job('behind', 2)];
    expect(decide(input({ environments: [dry('e1')], waiting }))).toEqual({
      starts: [],
      blocked: [{ jobId: 'head', statusReason: reason }],
    });
  });

  it('uses another environment that has some', () => {
    const environments = [dry('e1'), environment('e2')];
    const queues = [queue('q1', { environments: ['e1', 'e2'] })];
    expect(decide(input({ environments, queues, waiting: [job('j', 1)] }))).toEqual({
      starts: [{ jobId: 'j', environment: 'e2' }],
      blocked: [],
    });
  });

  it('is not called blocked while its own jobs fill the environment, or another one only is full', () => {
    const waiting = [job('j', 1)];
    const full = (name: string) => [{ environment: name, queue: 'q1', vcpus: 8, share: '', startedAt: NOW }];
    expect(decide(input({ environments: [dry('e1')], waiting, running: full('e1') })).blocked).toEqual([]);
    const environments = [dry('e1'), environment('e2')];
    const queues = [queue('q1', { environments: ['e1', 'e2'] })];
    expect(decide(input({ environments, queues, waiting, running: full('e2') })).blocked).toEqual([]);
  });
});

describe('the order of starts', () => {
  it('is by queue priority before age, and a waiting head keeps its environment from lower queues', () => {
    const queues = [queue('low', { priority: 1 }), queue('high', { priority: 5 })];
    const waiting = [
      job('old', 1, { queue: 'low' }),
      job('big', 2, { queue: 'high', needs: { vcpus: 8, memory: 512, gpus: 0 } }),
    ];
    const running = [{ environment: 'e1', queue: 'low', vcpus: 2, share: '', startedAt: NOW }];
    expect(startedIds(input({ queues, waiting }))).toEqual(['big']);
    expect(startedIds(input({ queues, waiting, running }))).toEqual([]);
  });

  it('gives the next start to the share that has had least', () => {
    const fair = [queue('q1', { fairShare: {} })];
    const waiting = [job('a1', 1, { share: 'a' }), job('a2', 2, { share: 'a' }), job('b1', 3, { share: 'b' })];
    expect(startedIds(input({ queues: fair, waiting, freeSlots: 2 }))).toEqual(['a1', 'b1']);
    const history = [{ queue: 'q1', share: 'a', vcpus: 4, startedAt: NOW - 300_000, stoppedAt: NOW - 1000 }];
    expect(startedIds(input({ queues: fair, waiting, history, freeSlots: 1 }))).toEqual(['b1']);
  });

  it('puts a share’s job of higher priority before its older ones', () => {
    const waiting = [job('old', 1, { share: 'a' }), job('urgent', 2, { share: 'a', priority: 9 })];
    expect(startedIds(input({ queues: [queue('q1', { fairShare: {} })], waiting, freeSlots: 1 }))).toEqual(['urgent']);
  });

  it('tries a queue’s environments in order and skips the disabled', () => {
    const environments = [environment('e1', { enabled: false }), environment('e2', { maxVcpus: 2 }), environment('e3')];
    const waiting = [job('one', 1), job('two', 2)];
    expect(decide(input({ environments, queues: [queue('q1', { environments: ['e1', 'e2', 'e3'] })], waiting })).starts).toEqual([
      { jobId: 'one', environment: 'e2' },
      { jobId: 'two', environment: 'e3' },
    ]);
  });

  it('counts a job that asks for more than a laptop’s cap as the cap', () => {
    const waiting = [job('one', 1, { needs: { vcpus: 8, memory: 512, gpus: 0 } }), job('two', 2)];
    expect(startedIds(input({ waiting, vcpuCap: 2 }))).toEqual(['one']);
  });
});

describe('a job that no environment can hold', () => {
  it.each([
    ['memory', { vcpus: 1, memory: 999_999_999, gpus: 0 }, JOB_RESOURCE_REQUIREMENT],
    ['a GPU', { vcpus: 1, memory: 512, gpus: 1 }, JOB_RESOURCE_REQUIREMENT],
    ['vCPUs beyond the environment’s maximum', { vcpus: 16, memory: 512, gpus: 0 }, COMPUTE_ENVIRONMENT_MAX_RESOURCE],
  ])('stays RUNNABLE with AWS’s reason: %s', (_, needs, statusReason) => {
    expect(decide(input({ waiting: [job('j', 1, { needs }), job('behind', 2)] }))).toEqual({
      starts: [],
      blocked: [{ jobId: 'j', statusReason }],
    });
  });

  it('is not called misconfigured while every environment is disabled', () => {
    const environments = [environment('e1', { enabled: false })];
    expect(decide(input({ environments, waiting: [job('j', 1)] }))).toEqual({ starts: [], blocked: [] });
  });
});

describe('instance types', () => {
  it.each([
    ['g4dn.xlarge', { vcpus: 4, gpus: 1 }],
    ['g6.12xlarge', { vcpus: 48, gpus: 4 }],
    ['c6i.xlarge', { vcpus: 4, gpus: 0 }],
  ])('%s offers what EC2 says', (name, offer) => expect(offersOf(name)).toMatchObject([offer]));

  it('keep a part of the memory for themselves: a job of 8192 MiB does not fit c6i.xlarge', () => {
    expect(someInstanceHolds(['c6i.xlarge'], { vcpus: 4, memory: 8192, gpus: 0 })).toBe(false);
    expect(someInstanceHolds(['c6i.xlarge'], { vcpus: 4, memory: 7168, gpus: 0 })).toBe(true);
  });

  it('by family or optimal offer every size; unknown ones hold what needs no GPU', () => {
    expect(someInstanceHolds(['optimal'], { vcpus: 96, memory: 700_000, gpus: 0 })).toBe(true);
    expect(someInstanceHolds(['z9.huge'], { vcpus: 1, memory: 1, gpus: 0 })).toBe(true);
    expect(someInstanceHolds(['z9.huge', 'c6i.none'], { vcpus: 1, memory: 1, gpus: 1 })).toBe(false);
  });
});

describe('fair shares', () => {
  const policy = {
    shareDistribution: [
      { shareIdentifier: 'team*', weightFactor: 2 },
      { shareIdentifier: 'teamA', weightFactor: 0.5 },
      { shareIdentifier: 'x' },
    ],
  };
  it('take the weight of the exact name, else of the longest prefix, else 1', () => {
    expect(['teamA', 'teamB', 'x', 'other'].map((share) => weightOf(policy, share))).toEqual([0.5, 2, 1, 1]);
  });

  it('count running vCPUs fully and ended ones by their part of the window', () => {
    const usages = [
      { share: 'teamB', vcpus: 2, startedAt: NOW - 5 },
      { share: 'teamB', vcpus: 4, startedAt: NOW - 300_000, stoppedAt: NOW },
      { share: 'teamB', vcpus: 4, startedAt: NOW - 9_000_000, stoppedAt: NOW - 8_000_000 },
    ];
    expect(weightedUsage(policy, 'teamB', usages, NOW)).toBe(2 * (2 + 4 * 0.5));
  });
});
