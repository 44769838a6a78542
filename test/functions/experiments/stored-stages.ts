import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ATTEMPT_DOCUMENTS, type AttemptId, keys, STAGES, type Stage } from '../../../functions/shared/contracts/names.ts';
import type { StageManifest } from '../../../functions/shared/contracts/stage-documents.ts';
import type { LocalAws } from '../local-aws.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Where an output of a stage lies: some in the attempt's folder, some in a bucket of their own. */
export const outputOf = ({ buckets }: Pick<LocalAws, 'buckets'>, at: AttemptId) =>
  at.stage === 'prepare'
    ? { name: 'train.parquet', bucket: buckets.datasets, key: `processed/acme/ratings/${at.experimentId}/train.parquet` }
    : { name: 'report.json', bucket: buckets.experiments, key: `${keys.attempt(at)}report.json` };

export const manifestUri = ({ buckets }: Pick<LocalAws, 'buckets'>, at: AttemptId): string =>
  `s3://${buckets.experiments}/${keys.attempt(at)}${ATTEMPT_DOCUMENTS.manifest}`;

/**
 * Stores the first stages of a run as they leave their folders: outputs and manifests, each of which names the one before.
 * @returns the manifest URI of each
 */
export const storeStages = async (
  aws: LocalAws,
  experimentId: string,
  count: number,
  { run = 1, change = (manifest: StageManifest) => manifest } = {},
): Promise<Partial<Record<Stage, string>>> => {
  const put = (Bucket: string, Key: string, Body: string) => aws.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const inputs: Partial<Record<Stage, string>> = {};
  let before: StageManifest['inputs'] = [];
  for (const stage of STAGES.slice(0, count)) {
    const at = { experimentId, run, stage, attempt: 1 };
    const output = outputOf(aws, at);
    const body = `what ${stage} made`;
    await put(output.bucket, output.key, body);
    const manifest = change({
      schemaVersion: 1,
      ...at,
      gitSha: 'unknown',
      imageDigest: 'sha256:0',
      createdAt: '2026-11-22T06:30:00.000Z',
      inputs: before,
      outputs: [{ ...output, bytes: body.length, sha256: sha256(body) }],
    });
    const text = JSON.stringify(manifest);
    await put(aws.buckets.experiments, `${keys.attempt(at)}${ATTEMPT_DOCUMENTS.manifest}`, text);
    inputs[stage] = manifestUri(aws, at);
    before = [{ stage, manifest: manifestUri(aws, at), sha256: sha256(text) }];
  }
  return inputs;
};
