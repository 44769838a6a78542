import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactReader } from '../../../functions/experiments/artifact-reader.ts';
import { experimentReader } from '../../../functions/experiments/experiment-reader.ts';
import { listArtifacts } from '../../../functions/experiments/list-artifacts.ts';
import { type ArtifactView, artifactPage } from '../../../functions/shared/contracts/experiment-view.ts';
import { type ExperimentItem, experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { anExperiment } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

const stored = async (changes: Partial<ExperimentItem> = {}) => {
  const experiment = anExperiment(changes);
  await experimentEntity(aws.table).create(experiment).go();
  return experiment;
};
const put = (bucket: keyof LocalAws['buckets'], ...keys: string[]) =>
  Promise.all(keys.map((Key) => aws.s3.send(new PutObjectCommand({ Bucket: aws.buckets[bucket], Key, Body: Key }))));
const page = async (id: string, { tenant = 'acme', query = {} as Record<string, string> } = {}) => {
  const services = {
    reader: experimentReader(aws.table),
    artifacts: artifactReader(aws.s3),
    buckets: aws.buckets,
    clock: { now: () => new Date('2026-11-22T07:00:00.000Z') },
    claims: CLAIMS,
  };
  return artifactPage.parse((await listArtifacts(aRequest({ tenant, id, query }), services)).body);
};
const shown = ({ kind, stage, name }: ArtifactView) => `${kind} ${stage} ${name}`;

const anExperimentWithArtifacts = async () => {
  const experiment = await stored();
  const { id } = experiment;
  const bundle = { uri: `s3://${aws.buckets.releases}/bundles/acme/sentiment/7/`, sha256: 'a'.repeat(64), version: 7 };
  await experimentEntity(aws.table).patch({ id }).set({ bundle }).go();
  await put('experiments', `experiments/${id}/spec.json`, `experiments/${id}/train/r1-1/metrics.jsonl`);
  await put('experiments', `experiments/${id}/train/r1-1/model/model.safetensors`, `experiments/${id}/ingest/r1-1/result.json`);
  await put('experiments', `models/onnx/${id}/fp32/r1-1/model.onnx`, `models/onnx/${id}/int8/r1-1/model.onnx`);
  await put('checkpoints', `${id}/100-r1-1/COMMITTED`, `${id}/100-r1-1/model.safetensors`, `${id}/200-r1-1/model.safetensors`);
  await put('releases', 'bundles/acme/sentiment/7/bundle.json', 'bundles/acme/sentiment/7/int8/model.onnx');
  await put('releases', 'bundles/acme/sentiment/70/bundle.json', 'bundles/globex/sentiment/7/bundle.json');
  await put('experiments', `experiments/${anExperiment().id}/spec.json`);
  return experiment;
};
const EXPECTED = [
  'document ingest ingest/r1-1/result.json',
  'spec null spec.json',
  'document train train/r1-1/metrics.jsonl',
  'model train train/r1-1/model/model.safetensors',
  'model export fp32/r1-1/model.onnx',
  'model quantize int8/r1-1/model.onnx',
  'checkpoint train 100-r1-1/COMMITTED',
  'checkpoint train 100-r1-1/model.safetensors',
  'bundle bundle bundle.json',
  'bundle bundle int8/model.onnx',
];

describe('GET /v1/experiments/{id}/artifacts', () => {
  it('lists all that the stages stored, committed checkpoints and the bundle included, and nothing else', async () => {
    const { id } = await anExperimentWithArtifacts();
    const { items, next } = await page(id);
    expect(items.map(shown)).toEqual(EXPECTED);
    expect(next).toBeNull();
    expect(items.map(({ expiresAt }) => expiresAt)).toEqual(items.map(() => '2026-11-22T07:15:00.000Z'));
  });

  it('signs the URL of a report so that a browser opens it as a page, and no other', async () => {
    const { id } = await stored();
    await put('experiments', `experiments/${id}/benchmark/r1-1/report.html`, `experiments/${id}/benchmark/r1-1/report.json`);
    const types = (await page(id)).items.map(async ({ url }) => (await fetch(url)).headers.get('content-type'));
    const [report, document] = await Promise.all(types);
    expect(report).toBe('text/html; charset=utf-8');
    expect(document).not.toContain('text/html');
  });

  it('signs a URL for each that gives its content', async () => {
    const { id } = await anExperimentWithArtifacts();
    const spec = (await page(id)).items.find(({ kind }) => kind === 'spec');
    const content = await (await fetch(spec?.url ?? '')).text();
    expect(content).toBe(`experiments/${id}/spec.json`);
    expect({ bytes: spec?.bytes, uri: spec?.uri }).toEqual({
      bytes: content.length,
      uri: `s3://${aws.buckets.experiments}/experiments/${id}/spec.json`,
    });
  });

  it.each(['1', '2', '3', '4'])('lists the same in pages of %s', async (limit) => {
    const { id } = await anExperimentWithArtifacts();
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { items, next }: Awaited<ReturnType<typeof page>> = await page(id, {
        query: { limit, ...(cursor === null ? {} : { cursor }) },
      });
      expect(items.length).toBeLessThanOrEqual(Number(limit));
      seen.push(...items.map(shown));
      cursor = next;
    } while (cursor !== null);
    expect(seen).toEqual(EXPECTED);
  });

  it('lists nothing of the releases while there is no bundle', async () => {
    const { id } = await stored();
    await put('experiments', `experiments/${id}/spec.json`);
    expect((await page(id)).items.map(shown)).toEqual(['spec null spec.json']);
  });

  it('does not exist for another tenant, with whatever cursor', async () => {
    const { id } = await anExperimentWithArtifacts();
    const { next } = await page(id, { query: { limit: '1' } });
    const query = { cursor: next ?? '' };
    await expect(page(id, { tenant: 'globex', query })).rejects.toMatchObject({ name: 'ExperimentNotFound' });
  });
});
