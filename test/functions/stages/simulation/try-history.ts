import { judge } from './judge.ts';
import { SimulatedHistory } from './simulated-history.ts';

export type Verdict = { history: SimulatedHistory; wrong: string[] };

/** Unfolds the history of a seed and judges it; then lets every event come once more, which must change nothing. */
export const tryHistory = async (seed: number, spared: ReadonlySet<string> = new Set(), traced = false): Promise<Verdict> => {
  const history = new SimulatedHistory(seed, spared, traced);
  await history.unfold();
  const wrong = judge(history);
  if (wrong.length > 0) return { history, wrong };
  const { revision } = history.experiment;
  const jobs = history.batch.jobs.length;
  await history.replay();
  if (history.experiment.revision !== revision) wrong.push('it was right, and an event that came once more changed it');
  if (history.batch.jobs.length !== jobs) wrong.push('it was over, and an event that came once more started a job');
  return { history, wrong: [...wrong, ...history.violations] };
};

/** Takes misfortunes away for as long as something is still wrong: first many at a time, then one by one. */
const shrink = async (seed: number): Promise<Set<string>> => {
  let spared = new Set<string>();
  let { chance } = (await tryHistory(seed)).history;
  for (let size = Math.ceil(chance.misfortunes.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < chance.misfortunes.length; ) {
      const without = new Set([...spared, ...chance.misfortunes.slice(from, from + size)]);
      const { history, wrong } = await tryHistory(seed, without);
      if (wrong.length === 0 || without.size === spared.size) {
        from += size;
        continue;
      }
      spared = without;
      chance = history.chance;
    }
  }
  return spared;
};

/** The smallest form of a history that goes wrong, as a reader wants it. */
export const explain = async (seed: number): Promise<string> => {
  const { history, wrong } = await tryHistory(seed, await shrink(seed), true);
  const { compute, pins } = history.experiment.spec;
  return [
    `history ${seed} goes wrong:`,
    ...wrong.map((what) => `  - ${what}`),
    `it begins with ${history.first}, maxAttempts ${compute.maxAttempts}, ${pins.ladders.train.length} rungs; what goes wrong in it:`,
    ...history.chance.misfortunes.map((misfortune) => `  - ${misfortune}`),
    'what happens:',
    ...history.told.map((line) => `  ${line}`),
    `in the end: ${JSON.stringify({ ...history.experiment, spec: undefined })}`,
  ].join('\n');
};
