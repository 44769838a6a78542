import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { STAGES, type Stage } from '../shared/contracts/names.ts';
import type { StageManifest } from '../shared/contracts/stage-documents.ts';
import { readText } from '../shared/read-text.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import { judgeManifest, sha256Of } from './manifest-verdict.ts';
import type { FinishedStages } from './resumption.ts';

export type FinishedStageReader = ReturnType<typeof finishedStageReader>;

/** Looks at what the stages of an experiment stored, first stage first, up to the first one that does not hold. */
export const finishedStageReader = (s3: S3Client, bucket: string) => {
  const textOf = async (uri: string): Promise<string | undefined> => {
    const prefix = `s3://${bucket}/`;
    return uri.startsWith(prefix) ? readText(s3, bucket, uri.slice(prefix.length)) : undefined;
  };

  /** By a list of this one key, which needs no right to read what may be somebody's data. Undefined when it is gone. */
  const sizeOf = async ({ bucket, key }: StageManifest['outputs'][number]): Promise<number | undefined> => {
    // Keys come in their order: if the key itself is there, it is the first with this prefix.
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 }));
    return Contents[0]?.Key === key ? Contents[0].Size : undefined;
  };

  const lostOutput = async ({ outputs }: StageManifest): Promise<string | undefined> => {
    const sizes = await Promise.all(outputs.map(sizeOf));
    const index = outputs.findIndex(({ bytes }, place) => sizes[place] !== bytes);
    const output = outputs[index];
    if (!output) return undefined;
    const found = sizes[index] === undefined ? 'is gone' : `has ${sizes[index]} bytes instead of ${output.bytes}`;
    return `its output ${output.name} ${found}`;
  };

  return {
    read: async ({ id, inputs = {} }: Pick<ExperimentItem, 'id' | 'inputs'>): Promise<FinishedStages> => {
      const manifests: Partial<Record<Stage, string>> = {};
      const earlier = new Map<string, string>();
      for (const stage of STAGES) {
        const uri = inputs[stage];
        if (uri === undefined) return { manifests };
        const text = await textOf(uri);
        const verdict = judgeManifest({ experimentId: id, stage, uri, bucket, text, earlier });
        const because = verdict.holds ? await lostOutput(verdict.manifest) : verdict.because;
        if (because !== undefined) return { manifests, broken: { stage, because } };
        manifests[stage] = uri;
        earlier.set(uri, sha256Of(text ?? ''));
      }
      return { manifests };
    },
  };
};
