import { keys, STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { locksObjects } from '../config/storage.ts';
import type { BucketName } from './storage-references.ts';

type Prefixes = { [B in BucketName]?: readonly string[] };

/** Keys that a stage may read and write, by bucket. A run's folder name is not known beforehand: `*` stands for it, and for the experiment. */
export type StageAccess = {
  reads: Prefixes;
  writes: Prefixes;
  /** Of what it writes what it locks against deletion, where the deployment has that. */
  retains?: Prefixes;
  lists?: Prefixes;
  deletes?: Prefixes;
};

const folderOf = (stage: Stage): string => `experiments/*/${stage}/*`;
const SPEC = 'experiments/*/spec.json';
const FP32 = 'models/onnx/*/fp32/*';
const INT8 = 'models/onnx/*/int8/*';

/** Beside what every stage has: its spec, the folders of the stages it builds on, its own folder. */
const PARTICULAR: Record<Stage, { inputs: readonly Stage[] } & StageAccess> = {
  ingest: {
    inputs: [],
    reads: { datasets: ['uploads/*', 'raw/*', 'base-models/*'] },
    writes: { datasets: ['raw/*', 'base-models/*'] },
    retains: { datasets: ['raw/*'] },
    lists: { datasets: ['uploads/*'] },
  },
  prepare: {
    inputs: ['ingest'],
    reads: { datasets: ['raw/*', 'base-models/*', 'processed/*'] }, // of the base model its tokenizer, to count what would be truncated
    writes: { datasets: ['processed/*'] },
  },
  train: {
    inputs: ['ingest', 'prepare'],
    reads: { datasets: ['base-models/*', 'processed/*'], checkpoints: ['*'] },
    writes: { checkpoints: ['*'] },
    lists: { checkpoints: ['*'] },
    deletes: { checkpoints: ['*'] }, // superseded ones
  },
  export: { inputs: ['train'], reads: { experiments: [FP32] }, writes: { experiments: [FP32] } },
  parity: {
    inputs: ['prepare', 'train', 'export'],
    reads: { datasets: ['processed/*'], experiments: [FP32], checkpoints: [`${keys.weightSnapshots('*')}*`] },
    writes: {},
  },
  quantize: {
    inputs: ['prepare', 'train', 'export'],
    reads: { datasets: ['processed/*'], experiments: [FP32, INT8] },
    writes: { experiments: [INT8] },
  },
  benchmark: {
    inputs: STAGES.filter((stage) => stage !== 'benchmark' && stage !== 'bundle'), // its report shows what all of them found
    reads: { datasets: ['processed/*'], experiments: [FP32, INT8] },
    writes: {},
  },
  bundle: {
    inputs: STAGES.filter((stage) => stage !== 'bundle'),
    reads: { experiments: [FP32, INT8], releases: ['bundles/*'] },
    writes: { releases: ['bundles/*'] },
    retains: { releases: ['bundles/*'] },
  },
};

/** The whole of what a stage may do in S3. */
export const stageAccess = (stage: Stage): StageAccess => {
  const { inputs, reads, writes, ...others } = PARTICULAR[stage];
  return {
    reads: { ...reads, experiments: [SPEC, ...[...inputs, stage].map(folderOf), ...(reads.experiments ?? [])] },
    writes: { ...writes, experiments: [folderOf(stage), ...(writes.experiments ?? [])] },
    ...others,
  };
};

/** How long what the stage locks stays locked; undefined when it locks nothing. */
export const retentionDays = (deployment: Deployment, stage: Stage): number | undefined => {
  if (PARTICULAR[stage].retains === undefined || !locksObjects(deployment)) return undefined;
  return stage === 'bundle' ? deployment.objectLock.releaseDays : deployment.objectLock.rawDays;
};
