import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Api } from '../../client/api.ts';
import type { Experiment } from '../../client/api-types.ts';
import { downloadBundle } from '../../client/download-bundle.ts';

/** What the API says of an experiment: everything that must be the same when table and bucket are restored. */
export type Remembered = {
  experiment: Experiment;
  /** Ids of its history. */
  events: string[];
  /** `kind name bytes` of each. Their addresses change with the bucket's name. */
  artifacts: string[];
  /** Tree hash of its bundle, downloaded and verified file by file; null where it has none. */
  bundleSha256: string | null;
};

export const remember = async (api: Api, id: string, folder: string): Promise<Remembered> => {
  const [experiment, { items }, artifacts] = await Promise.all([
    api.experiment(id),
    api.events(id, '?limit=100'),
    api.artifacts(id),
  ]);
  const bundleFolder = join(folder, `bundle-${id}`);
  const bundle = experiment.bundle === null ? undefined : await downloadBundle(api, id, bundleFolder);
  rmSync(bundleFolder, { recursive: true, force: true });
  return {
    experiment,
    events: items.map((event) => event.id),
    artifacts: artifacts.map(({ kind, name, bytes }) => `${kind} ${name} ${bytes}`),
    bundleSha256: bundle?.bundleSha256 ?? null,
  };
};

/** What of an experiment is not as it was, in words; none when it verifies. The supervisor may have added to its history since. */
export const differences = (before: Remembered, after: Remembered): string[] => {
  const { id } = before.experiment;
  const fields = (Object.keys(before.experiment) as (keyof Experiment)[]).filter(
    (field) => field !== 'updatedAt' && !isDeepStrictEqual(before.experiment[field], after.experiment[field]),
  );
  const lostEvents = before.events.filter((event) => !after.events.includes(event)).length;
  return [
    ...fields.map((field) => `${id}: ${field} is another`),
    ...(lostEvents > 0 ? [`${id}: ${lostEvents} events are missing`] : []),
    ...(isDeepStrictEqual(before.artifacts, after.artifacts) ? [] : [`${id}: its artifacts are others`]),
    ...(before.bundleSha256 === after.bundleSha256 ? [] : [`${id}: its bundle is another`]),
  ];
};
