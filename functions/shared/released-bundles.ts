import { keys } from './contracts/names.ts';
import type { Listed, Listing } from './list-objects.ts';

const BUNDLE = /^bundles\/([a-z0-9]+)\/([a-z0-9-]+)\/([1-9][0-9]*)\/bundle\.json$/;

export type ReleasedBundle = { uri: string; tenant: string; model: string; version: number; modified: Date };

/** The bundles among the objects of the releases bucket. One without its document does not exist. */
export const releasedBundles = (objects: readonly Listed[], bucket: string): ReleasedBundle[] =>
  objects.flatMap(({ key, modified }) => {
    const [, tenant, model, version] = BUNDLE.exec(key) ?? [];
    if (!tenant || !model || !version) return [];
    return [
      { uri: `s3://${bucket}/${keys.bundle(tenant, model, Number(version))}`, tenant, model, version: Number(version), modified },
    ];
  });

/** Says that a list was cut off; nothing when it was whole. */
export const cutOffNotes = (what: string, { objects, whole }: Listing): string[] =>
  whole
    ? []
    : [`Only the first ${objects.length} objects of the ${what} bucket, by key, were looked at: newer ones may lie behind them.`];
