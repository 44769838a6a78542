import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isNews, movedAt } from '../../../functions/stages/progress-news.ts';
import { recordProgress } from '../../../functions/stages/record-progress.ts';
import { stageStore } from '../../../functions/stages/stage-store.ts';
import { anId } from '../an-experiment.ts';
import { NOW, someProgress } from './a-job.ts';
import { anEvent, anObserver } from './an-observer.ts';

const LATER = new Date(NOW.getTime() + 30_000);

let given: Awaited<ReturnType<typeof anObserver>>;
beforeAll(async () => {
  given = await anObserver();
});

/** Seen at this time, whatever the container's own clock says. */
const record = (detail: unknown, now = NOW) =>
  recordProgress(anEvent('Stage Progress', detail), { store: stageStore(given.aws.table, { now: () => now }) });
const kept = (id: string) => given.observer.store.keptProgress(id);

describe('record-progress', () => {
  it('keeps the newest by run, stage, attempt and sequence, whatever the clock says', async () => {
    const { id: experimentId } = await given.store();
    await record(someProgress({ experimentId }, { sequence: 2, step: 20, at: '2026-11-22T07:00:02.000Z' }));
    await record(someProgress({ experimentId }, { sequence: 1, step: 10, at: '2026-11-22T07:00:09.000Z' }));
    expect(await kept(experimentId)).toMatchObject({ progress: { sequence: 2 } });
    await record(someProgress({ experimentId, attempt: 2 }, { sequence: 0, step: 0, at: '2026-11-22T06:00:00.000Z' }));
    expect(await kept(experimentId)).toMatchObject({ progress: { attempt: 2 } });
  });

  it('does not call it movement when only the sequence rises', async () => {
    const { id: experimentId } = await given.store();
    await record(someProgress({ experimentId }, { sequence: 1 }), NOW);
    await record(someProgress({ experimentId }, { sequence: 2 }), LATER);
    expect(await kept(experimentId)).toMatchObject({ progress: { sequence: 2 }, movedAt: NOW.toISOString() });
  });

  it('dates movement by the clock of whoever sees it, not by that of the container', async () => {
    const { id: experimentId } = await given.store();
    await record(someProgress({ experimentId }, { at: '2031-01-01T00:00:00.000Z' }), NOW);
    await record(someProgress({ experimentId }, { sequence: 2, step: 11, at: '1970-01-01T00:00:00.000Z' }), LATER);
    expect(await kept(experimentId)).toMatchObject({ progress: { step: 11 }, movedAt: LATER.toISOString() });
  });

  it('changes nothing when the same event comes twice', async () => {
    const { id: experimentId } = await given.store();
    const event = someProgress({ experimentId }, { sequence: 3 });
    await record(event, NOW);
    const once = await kept(experimentId);
    await record(event, LATER);
    expect(await kept(experimentId)).toEqual(once);
  });

  it('ends with the newest when all arrive at once', async () => {
    const { id: experimentId } = await given.store();
    const sequences = [3, 1, 4, 2];
    await Promise.all(sequences.map((sequence) => record(someProgress({ experimentId }, { sequence, step: sequence }))));
    expect(await kept(experimentId)).toMatchObject({ progress: { sequence: 4 } });
  });

  it('ignores what is unknown, over, of another run, replaced or malformed', async () => {
    const unknown = anId();
    await record(someProgress({ experimentId: unknown }));
    const over = await given.store({ status: 'cancelled' });
    await record(someProgress({ experimentId: over.id }));
    const replaced = await given.store({ run: 2, current: { run: 2, stage: 'train', attempt: 2 } });
    await record(someProgress({ experimentId: replaced.id, run: 1, stage: 'bundle' }));
    await record(someProgress({ experimentId: replaced.id, run: 2 }));
    await record({ ...someProgress({ experimentId: replaced.id, run: 2, attempt: 2 }), fraction: 7 });
    expect(await Promise.all([unknown, over.id, replaced.id].map(kept))).toEqual([undefined, undefined, undefined]);
  });
});

describe('news', () => {
  const places = fc.record({ run: fc.integer({ min: 1, max: 3 }), attempt: fc.integer({ min: 1, max: 3 }), sequence: fc.nat(3) });
  const progress = places.map(({ run, attempt, sequence }) =>
    someProgress({ experimentId: 'exp_01arz3ndektsv4rrffq69g5fav', run, attempt }, { sequence }),
  );

  it('of two, exactly one is news to the other, unless they are the same', () => {
    fc.assert(
      fc.property(progress, progress, (a, b) => {
        const same = a.run === b.run && a.attempt === b.attempt && a.sequence === b.sequence;
        const both = [isNews({ progress: a, movedAt: a.at }, b), isNews({ progress: b, movedAt: b.at }, a)];
        expect(both.filter(Boolean)).toHaveLength(same ? 0 : 1);
      }),
    );
  });

  it('a new attempt has moved by starting', () => {
    const first = someProgress({ experimentId: 'exp_01arz3ndektsv4rrffq69g5fav' });
    const second = { ...first, attempt: 2, at: '2026-11-22T09:00:00.000Z' };
    expect(movedAt({ progress: first, movedAt: first.at }, second)).toBe(second.at);
  });
});
