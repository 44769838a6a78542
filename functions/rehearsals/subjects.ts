import { keys } from '../shared/contracts/names.ts';
import type { RehearsalSubjects } from '../shared/contracts/rehearsal.ts';
import type { Listed, Listing } from './list-objects.ts';

const COMMITTED = /^(exp_[0-9a-z]{26})\/([0-9]+-r[0-9]+-[0-9]+)\/COMMITTED$/;
const BUNDLE = /^bundles\/([a-z0-9]+)\/([a-z0-9-]+)\/([1-9][0-9]*)\/bundle\.json$/;

export type Lists = { checkpoints: Listing; releases: Listing; releasesBucket: string };

const newestOf = <T extends Listed>(objects: readonly T[]): T | undefined =>
  objects.reduce<T | undefined>((newest, object) => (newest && newest.modified >= object.modified ? newest : object), undefined);

const read = (objects: readonly Listed[], pattern: RegExp) =>
  objects.flatMap((object) => {
    const match = pattern.exec(object.key);
    return match ? [{ ...object, parts: match.slice(1) as [string, string, string] }] : [];
  });

/** The checkpoint committed last, and the newest two versions of the model released last. What has no last object does not exist. */
export const chooseSubjects = ({ checkpoints, releases, releasesBucket }: Lists): RehearsalSubjects => {
  const committed = newestOf(read(checkpoints.objects, COMMITTED));
  const bundles = read(releases.objects, BUNDLE);
  const last = newestOf(bundles);
  const [newest, previous] = bundles
    .filter(({ parts: [tenant, model] }) => tenant === last?.parts[0] && model === last.parts[1])
    .sort((a, b) => Number(b.parts[2]) - Number(a.parts[2]));
  const uriOf = (bundle: typeof newest): string | null =>
    bundle ? `s3://${releasesBucket}/${keys.bundle(bundle.parts[0], bundle.parts[1], Number(bundle.parts[2]))}` : null;
  return {
    checkpoint: committed ? { experimentId: committed.parts[0], directory: committed.parts[1] } : null,
    newestBundle: uriOf(newest),
    previousBundle: uriOf(previous),
    notes: [
      ...(checkpoints.whole ? [] : [partOf('checkpoints', checkpoints)]),
      ...(releases.whole ? [] : [partOf('releases', releases)]),
    ],
  };
};

const partOf = (what: string, { objects }: Listing): string =>
  `Only the first ${objects.length} objects of the ${what} bucket, by key, were looked at: newer ones may lie behind them.`;
