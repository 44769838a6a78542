import type { RehearsalSubjects } from '../shared/contracts/rehearsal.ts';
import type { Listed, Listing } from '../shared/list-objects.ts';
import { cutOffNotes, releasedBundles } from '../shared/released-bundles.ts';

const COMMITTED = /^(exp_[0-9a-z]{26})\/([0-9]+-r[0-9]+-[0-9]+)\/COMMITTED$/;

export type Lists = { checkpoints: Listing; releases: Listing; releasesBucket: string };

const newestOf = <T extends { modified: Date }>(objects: readonly T[]): T | undefined =>
  objects.reduce<T | undefined>((newest, object) => (newest && newest.modified >= object.modified ? newest : object), undefined);

const committedCheckpoints = (objects: readonly Listed[]) =>
  objects.flatMap(({ key, modified }) => {
    const [, experimentId, directory] = COMMITTED.exec(key) ?? [];
    return experimentId && directory ? [{ experimentId, directory, modified }] : [];
  });

/** The checkpoint committed last, and the newest two versions of the model released last. What has no last object does not exist. */
export const chooseSubjects = ({ checkpoints, releases, releasesBucket }: Lists): RehearsalSubjects => {
  const committed = newestOf(committedCheckpoints(checkpoints.objects));
  const bundles = releasedBundles(releases.objects, releasesBucket);
  const last = newestOf(bundles);
  const [newest, previous] = bundles
    .filter(({ tenant, model }) => tenant === last?.tenant && model === last.model)
    .sort((a, b) => b.version - a.version);
  return {
    checkpoint: committed ? { experimentId: committed.experimentId, directory: committed.directory } : null,
    newestBundle: newest?.uri ?? null,
    previousBundle: previous?.uri ?? null,
    notes: [...cutOffNotes('checkpoints', checkpoints), ...cutOffNotes('releases', releases)],
  };
};
