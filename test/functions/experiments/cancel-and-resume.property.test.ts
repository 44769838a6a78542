import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { STAGES } from '../../../functions/shared/contracts/names.ts';
import { logger } from '../../../functions/shared/handlers.ts';
import type { Plan } from './race/account.ts';
import { type Deed, Race } from './race/race.ts';

// Pauses before another try are no time here: what matters is the order of requests, and that is drawn.
vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

beforeAll(() => logger.setLogLevel('SILENT'));

const weighted = (weights: Record<Deed, number>) =>
  fc.oneof(...Object.entries(weights).map(([deed, weight]) => ({ weight, arbitrary: fc.constant(deed as Deed) })));

const deeds = weighted({
  'a request has its turn': 60,
  'a caller dies before its request': 1,
  'a caller dies after its request': 1,
  'a request is refused': 1,
  'a request is held up': 3,
  'what was held up goes on': 1,
  'somebody cancels': 3,
  'somebody resumes': 4,
  'somebody stops the execution in the console': 1,
  'a host works': 8,
  'an event arrives': 10,
  'an event arrives and will come again': 2,
  'an event is lost': 2,
  'the supervisor looks': 2,
});

const plan: fc.Arbitrary<Plan> = fc.option(
  fc.record({ stage: fc.constantFrom(...STAGES), exitCode: fc.constantFrom(64 as const, 66 as const, 75 as const) }),
  { nil: undefined },
);

/**
 * Right is, however cancels, resumes, job and execution events, progress, the supervisor and deaths of functions fall together:
 *
 * - every status follows legally from the one before, each write is one revision, and the run is counted up by a resume and by nothing else;
 * - each resume that was granted made one run of its own, and no other run came to be (but for one whose answer was lost);
 * - a run is executed once at most, by one input; in the end no execution runs and no job is alive, of whatever run;
 * - whoever was told that a run is cancelled or being cancelled finds that run cancelled in the end, and not resumed by accident;
 * - the last run ends as its own stages decide, unless it was cancelled (by the API or in the console): then it ends cancelled;
 * - a run takes over results of its own attempts only; no progress of an earlier run is shown; every attempt is shown as ended.
 */
describe('cancel and resume', () => {
  it('come to one right outcome in whatever order', async () => {
    let tried = 0;
    const reached = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: STAGES.length - 1 }),
        fc.array(fc.tuple(deeds, fc.nat(50)), { minLength: 100, maxLength: 300, size: 'max' }),
        async (plans, finished, happens) => {
          const race = new Race(plans, finished);
          await race.submit();
          for (const [deed, which] of happens) await race.do(deed, which);
          await race.comeToAnEnd();
          expect(await race.judge()).toEqual([]);
          tried++;
          if (race.experiment.run > 1) reached.add(race.experiment.status);
        },
      ),
      // To shrink a failure takes many minutes and leaves hundreds of deeds: its seed and path repeat it as it is.
      { numRuns: 200, endOnFailure: true },
    );
    expect(tried).toBeGreaterThanOrEqual(200);
    // Orders that never resumed anything would prove nothing.
    expect([...reached].sort()).toEqual(['cancelled', 'failed', 'rejected', 'succeeded']);
  }, 600_000);
});
