import fc from 'fast-check';
import { expect, it } from 'vitest';
import { STAGE_ERRORS } from '../../../functions/shared/contracts/names.ts';
import { MISHAPS } from './simulation/endings.ts';
import { explain, tryHistory } from './simulation/try-history.ts';

const HISTORIES = 10_000;
/** Two minutes on a quiet machine; one whose neighbours take most of it needs many times that. */
const PATIENCE = 1_800_000;

/** What must have happened somewhere for the histories to be worth their name. */
const SIGNS = [
  ...Object.keys(MISHAPS),
  'is lost',
  'comes twice',
  'is late',
  'does not come',
  'the function dies before it',
  'the function dies after it',
  'it is refused',
  'its answer is lost',
  'it is slow',
  'its answer is slow',
  'is nothing',
  'is a part',
  'is outdated',
  'does not know it yet',
  'the answer to SubmitJob',
  'create-experiment, call',
  'record-failure',
  'a user cancels',
  'a user resumes',
  'a result does not hold any more',
  'in the console',
  'the execution takes too long',
  'the execution is deleted',
];

it(`an experiment ends in the right state whatever goes wrong on the way, in ${HISTORIES} random histories`, {
  timeout: PATIENCE,
}, async () => {
  const { seed = 0 } = fc.readConfigureGlobal();
  const first = seed * HISTORIES;
  const statuses = new Set<string>();
  const ends = new Set<string>();
  const missing = new Set(SIGNS);
  for (let history = first; history < first + HISTORIES; history++) {
    const tried = await tryHistory(history);
    if (tried.wrong.length > 0) expect.fail(await explain(history));
    statuses.add(tried.history.experiment.status);
    for (const job of tried.history.batch.jobs) ends.add(job.endsWith ?? 'alive');
    for (const sign of missing)
      if (tried.history.chance.misfortunes.some((misfortune) => misfortune.includes(sign))) missing.delete(sign);
  }
  expect([...statuses].sort()).toEqual(['cancelled', 'failed', 'rejected', 'succeeded']);
  expect([...ends].sort()).toEqual([...STAGE_ERRORS, 'succeeded'].sort());
  expect([...missing]).toEqual([]);
});
