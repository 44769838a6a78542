import type { ArtifactView } from '../shared/contracts/experiment-view.ts';
import { keys, STAGES, type Stage } from '../shared/contracts/names.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';

type ArtifactKind = ArtifactView['kind'];
export type StoredObject = { key: string; bytes: number };
export type BucketNames = { experiments: string; checkpoints: string; releases: string };

/** A place where artifacts of an experiment lie. The order of places and of keys within one is the order of the list. */
export type ArtifactSource = {
  bucket: string;
  prefix: string;
  describe: (key: string) => { kind: ArtifactKind; name: string; stage: Stage | null };
  /** Which of all keys under the prefix are shown; without it, all are. */
  shown?: (keys: readonly string[]) => ReadonlySet<string>;
};

const stageOf = (name: string): Stage | null => STAGES.find((stage) => name.startsWith(`${stage}/`)) ?? null;
const MODEL_FOLDER = /^train\/r[0-9]+-[0-9]+\/model\//;

const COMMITTED = '/COMMITTED';

/** A checkpoint without its last object does not exist: its files are not shown. */
const committed = (keys: readonly string[]): ReadonlySet<string> => {
  const folders = keys.filter((key) => key.endsWith(COMMITTED)).map((key) => key.slice(0, -COMMITTED.length + 1));
  return new Set(keys.filter((key) => folders.some((folder) => key.startsWith(folder))));
};

/** Prefixes of one experiment. Ids and names come from the stored experiment, whose tenant was verified, never from the request. */
export const artifactSources = ({ id, tenant, model, bundle }: ExperimentItem, buckets: BucketNames): ArtifactSource[] => {
  const documents = keys.spec(id).replace(/spec\.json$/, '');
  const models = `models/onnx/${id}/`;
  const checkpoints = keys.checkpoints(id);
  const release = bundle && keys.bundle(tenant, model, bundle.version);
  return [
    {
      bucket: buckets.experiments,
      prefix: documents,
      describe: (key) => {
        const name = key.slice(documents.length);
        const kind = name === 'spec.json' ? 'spec' : MODEL_FOLDER.test(name) ? 'model' : 'document';
        return { kind, name, stage: stageOf(name) };
      },
    },
    {
      bucket: buckets.experiments,
      prefix: models,
      describe: (key) => {
        const name = key.slice(models.length);
        return { kind: 'model', name, stage: name.startsWith('int8/') ? 'quantize' : 'export' };
      },
    },
    {
      bucket: buckets.checkpoints,
      prefix: checkpoints,
      describe: (key) => ({ kind: 'checkpoint', name: key.slice(checkpoints.length), stage: 'train' }),
      shown: committed,
    },
    ...(release === undefined
      ? []
      : [
          {
            bucket: buckets.releases,
            prefix: release,
            describe: (key: string) => ({ kind: 'bundle' as const, name: key.slice(release.length), stage: 'bundle' as const }),
          },
        ]),
  ];
};
