import { describe, expect, it } from 'vitest';
import { HEADS } from '../../../functions/shared/contracts/experiment-spec.ts';
import { chosenCells, plannedCells, SEEDS } from '../../../local/evaluation/cells.ts';

describe('the cells of the evaluation', () => {
  it('are four heads and five seeds on two tasks, and one run on every row', () => {
    const cells = plannedCells(false);
    expect(cells).toHaveLength(HEADS.length * SEEDS.length * 2 + 1);
    expect(new Set(cells.map(({ key }) => key)).size).toBe(cells.length);
    expect(cells.find(({ key }) => key === 'text/corn/15')?.request.train).toMatchObject({
      head: 'corn',
      seed: 15,
      maxRows: 3_200,
    });
    expect(cells.at(-1)).toMatchObject({ group: 'text-all-rows', dataset: 'text' });
    expect(cells.at(-1)?.request.train.maxRows).toBeUndefined();
  });

  it('differ within a task in head and seed alone', () => {
    for (const group of ['text', 'image']) {
      const shared = plannedCells(false)
        .filter((cell) => cell.group === group)
        .map(({ request: { train, ...rest } }) => JSON.stringify({ ...rest, train: { ...train, head: '', seed: 0 } }));
      expect(new Set(shared).size).toBe(1);
    }
  });

  it('are few and short when quick', () => {
    const cells = plannedCells(true);
    expect(cells).toHaveLength(HEADS.length * 2);
    expect(cells.every(({ request }) => request.train.epochs === 1)).toBe(true);
  });

  it('are chosen by their names or the first parts of them', () => {
    const { chosen, unknown } = chosenCells(plannedCells(false), ['text/coral/13', 'image/corn']);
    expect(chosen).toEqual(['text/coral/13', ...SEEDS.map((seed) => `image/corn/${seed}`)]);
    expect(unknown).toEqual([]);
  });

  it('names a pattern that fits none, also one that is only the beginning of a name', () => {
    expect(chosenCells(plannedCells(false), ['tex', 'text/coral']).unknown).toEqual(['tex']);
  });
});
