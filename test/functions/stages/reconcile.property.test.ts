import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../../functions/shared/contracts/names.ts';
import { type Event, type Plan, SimulatedRun } from './simulated-run.ts';

const exit = fc.constantFrom<(number | 'host')[]>(0, 0, 0, 'host', 75, 74, 67, 137, 64, 65, 66, 1);
const plans: fc.Arbitrary<Plan> = fc.record(
  Object.fromEntries(STAGES.map((stage) => [stage, fc.array(exit as fc.Arbitrary<number | 'host'>, { maxLength: 4 })])),
  { requiredKeys: [] },
);

/** Longer than any plan can take: 8 stages of at most 6 attempts, three events each, each perhaps twice. */
const STEPS = 600;

/** Every event once, in order, at once. */
const undisturbed = (plan: Plan) => {
  const run = new SimulatedRun(plan);
  for (let event = run.sent.shift(); event; event = run.sent.shift()) run.receive(event);
  return run;
};

/** What becomes of the next event: which one of those under way, and whether it is lost, delivered, or delivered and kept for once more. */
const fates = fc.infiniteStream(fc.tuple(fc.nat(20), fc.constantFrom('lost', 'delivered', 'delivered', 'doubled', 'supervise')));

const disturbed = (
  plan: Plan,
  fate: Iterator<[number, string]>,
  interfere: (run: SimulatedRun, step: number) => void = () => {},
) => {
  const run = new SimulatedRun(plan);
  const past: Event[] = [];
  for (let step = 0; step < STEPS; step++) {
    interfere(run, step);
    const [which, what] = fate.next().value as [number, string];
    if (run.sent.length === 0 || what === 'supervise') {
      const found = run.supervise();
      if (found.length === 0 && run.sent.length === 0) break;
      continue;
    }
    const [event] = run.sent.splice(which % run.sent.length, 1);
    if (!event || what === 'lost') continue;
    run.receive(event);
    if (what === 'doubled') past.push(event);
    const old = past[which % Math.max(past.length, 1)];
    if (old) run.receive(old);
  }
  return run;
};

describe('whatever becomes of the events', () => {
  it('the outcome is that of the run whose events all came once and in order', () => {
    fc.assert(
      fc.property(plans, fates, (plan, fate) => {
        const run = disturbed(plan, fate);
        expect(run.outcome()).toEqual(undisturbed(plan).outcome());
        expect(run.outcome().status).toMatch(/succeeded|failed|rejected/);
        expect(run.staleReports).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('one look of the supervisor repairs what the loss of any events left behind', () => {
    fc.assert(
      fc.property(plans, fates, (plan, fate) => {
        // The loss itself must not have stopped the run: what is lost here are the copies that arrive after the first.
        const run = undisturbed(plan);
        const wanted = run.outcome();
        for (let copies = 0; copies < 20; copies++) {
          const [which] = fate.next().value as [number, string];
          const job = run.jobs[which % run.jobs.length];
          if (job) run.receive({ job: which % 2 === 0 ? job : { ...job, status: 'RUNNING', stoppedAt: null } });
        }
        run.supervise();
        expect(run.outcome()).toEqual(wanted);
      }),
    );
  });

  it('everything is done by the supervisor alone when every event is lost', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const run = new SimulatedRun(plan);
        for (let step = 0; step < STEPS && run.supervise().length > 0; step++);
        expect(run.outcome()).toEqual(undisturbed(plan).outcome());
      }),
    );
  });

  it('nothing is left to do after everything was done, however often one looks', () => {
    fc.assert(
      fc.property(plans, fates, (plan, fate) => {
        const run = disturbed(plan, fate);
        expect(run.supervise()).toEqual([]);
        for (const job of run.jobs) run.receive({ job });
        expect(run.supervise()).toEqual([]);
      }),
    );
  });

  it('a cancelled run ends cancelled, unless it was over before', () => {
    fc.assert(
      fc.property(plans, fates, fc.nat(60), (plan, fate, when) => {
        let cancelled = false;
        const run = disturbed(plan, fate, (run, step) => {
          if (step !== when || /succeeded|failed|rejected/.test(run.experiment.status)) return;
          cancelled = true;
          run.cancel();
        });
        if (cancelled) expect(run.experiment.status).toBe('cancelled');
        else expect(run.outcome()).toEqual(undisturbed(plan).outcome());
        expect(run.staleReports).toEqual([]);
        expect(run.supervise()).toEqual([]);
      }),
    );
  });
});
