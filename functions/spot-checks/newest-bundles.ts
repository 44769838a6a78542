import type { Listing } from '../shared/list-objects.ts';
import { cutOffNotes, type ReleasedBundle, releasedBundles } from '../shared/released-bundles.ts';

export type ChosenBundles = { bundles: string[]; notes: string[] };

/** Of each model the newest version: what is in use. The models released last come first, `most` of them at most; what is left out is said. */
export const newestBundles = (releases: Listing, bucket: string, most: number): ChosenBundles => {
  const newest = new Map<string, ReleasedBundle>();
  for (const bundle of releasedBundles(releases.objects, bucket)) {
    const model = `${bundle.tenant}/${bundle.model}`;
    if (bundle.version > (newest.get(model)?.version ?? 0)) newest.set(model, bundle);
  }
  const lastFirst = [...newest.values()].sort((a, b) => b.modified.getTime() - a.modified.getTime() || (a.uri < b.uri ? -1 : 1));
  const left = lastFirst.length - most;
  return {
    bundles: lastFirst.slice(0, most).map(({ uri }) => uri),
    notes: [
      ...cutOffNotes('releases', releases),
      ...(left > 0 ? [`${left} models that were released earlier were not looked at (spotChecks.models allows ${most}).`] : []),
    ],
  };
};
