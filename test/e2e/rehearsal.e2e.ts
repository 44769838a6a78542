import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { bundle } from '../../functions/shared/contracts/bundle.ts';
import { keys } from '../../functions/shared/contracts/names.ts';
import { type RehearsalReport, rehearsalReport, type UpgradeChoice } from '../../functions/shared/contracts/rehearsal.ts';
import { type SpotCheckReport, spotCheckReport } from '../../functions/shared/contracts/spot-check.ts';
import { treeHash } from '../../functions/shared/contracts/tree-hash.ts';
import { clientOptions } from '../../local/drill/fault-operator.ts';
import { ended } from './an-experiment.ts';
import { apiOf } from './users.ts';

const tier = inject('tier');
const operator = inject('operator');
const outputs = inject('outputs');

/**
 * What the check loads and pip installs in seconds. The pins are the newest that there are, so the other version is an older one:
 * to the rehearsal, moving is moving.
 */
const UPGRADE = { package: 'typing-extensions', version: '4.15.0' };

const sfn = new SFNClient(clientOptions(operator));
const s3 = new S3Client({ ...clientOptions(operator), forcePathStyle: true });

/** Starts an execution as from the console and waits for its end. */
const execute = async (stateMachineArn: unknown, input: object) => {
  const name = randomUUID();
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: String(stateMachineArn), name, input: JSON.stringify(input) }),
  );
  let execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  while (execution.status === 'RUNNING') {
    await sleep(1000);
    execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  }
  return { name, execution };
};

const read = async (bucket: string, key: string): Promise<Uint8Array> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
};
const reportAt = async (key: string): Promise<unknown> =>
  JSON.parse(Buffer.from(await read(String(outputs.ExperimentsBucket), key)).toString());

/** Starts a rehearsal and reads the report that it published. */
const rehearse = async (
  upgrade: UpgradeChoice,
): Promise<{ execution: DescribeExecutionCommandOutput; report: RehearsalReport }> => {
  const { name, execution } = await execute(outputs.RehearsalStateMachineArn, { upgrade });
  return { execution, report: rehearsalReport.parse(await reportAt(keys.rehearsal(name, 'report'))) };
};

/** Starts a spot check and reads its report. */
const spotCheck = async (): Promise<{ execution: DescribeExecutionCommandOutput; report: SpotCheckReport }> => {
  const { name, execution } = await execute(outputs.SpotCheckStateMachineArn, {});
  return { execution, report: spotCheckReport.parse(await reportAt(keys.spotCheck(name, 'report'))) };
};

describe('the quarterly rehearsal', () => {
  /** Two versions of one model, the newest unlike the one before, and its checkpoint. */
  beforeAll(async () => {
    const api = await apiOf(tier, 'acme');
    for (const id of Object.values(inject('started'))) {
      const { status, failure } = await ended(api, id);
      expect({ status, failure }).toEqual({ status: 'succeeded', failure: null });
    }
  }, 900_000);

  it.concurrent('restores a checkpoint, rolls a model back, moves a package, and publishes what it measured', async () => {
    const { execution, report } = await rehearse(UPGRADE);
    expect(report.steps.map(({ rehearsal, outcome, error, because }) => ({ rehearsal, outcome, error, because }))).toEqual(
      ['restore', 'rollback', 'upgrade'].map((rehearsal) => ({ rehearsal, outcome: 'passed', error: null, because: null })),
    );
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toMatchObject({
      outcome: 'passed',
      report: expect.stringContaining('/report.json'),
    });
    const { restore, rollback, upgrade } = Object.assign({}, ...report.steps.map(({ figures }) => figures));
    expect(restore.experimentId).toBe(report.subjects.checkpoint?.experimentId);
    expect(restore.bytes).toBeGreaterThan(10_000);
    expect(rollback.newest.version).toBeGreaterThan(rollback.previous.version);
    expect(rollback.newest.bundleSha256).not.toBe(rollback.previous.bundleSha256);
    expect(rollback.previous.bundleUri).toBe(report.subjects.previousBundle);
    expect(rollback.secondsToFirstRightAnswer).toBeGreaterThan(0);
    expect(upgrade).toMatchObject({ package: UPGRADE.package, to: UPGRADE.version, fp32MaxAbsDifference: 0 });
    expect(upgrade.from).not.toBe(upgrade.to);
    expect(upgrade.modulesFromNewVersion).toBeGreaterThan(0);
  });

  it.concurrent('fails with the upgrade that is not to be had, and with nothing else', async () => {
    const { execution, report } = await rehearse({ package: UPGRADE.package, version: '0.0.1' });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Rehearsal.Failed' });
    expect(report.outcome).toBe('failed');
    expect(report.steps.map(({ rehearsal, outcome }) => `${rehearsal} ${outcome}`)).toEqual([
      'restore passed',
      'rollback passed',
      'upgrade failed',
    ]);
    expect(report.steps.at(-1)?.error?.message).toMatch(/typing-extensions==0\.0\.1 could not be installed/);
  });
});

/** After the rehearsals: what is planted here is the model released last, which they would take. */
describe('the nightly spot check', () => {
  const [releases, model] = [String(outputs.ReleasesBucket), 'bundles/acme/planted-drift/1/'];

  /** A release whose hashes are right and whose recorded answers are another model's. */
  const plantDrift = async (): Promise<void> => {
    const [newest, previous] = (await rehearse(UPGRADE)).report.steps.flatMap(({ figures }) =>
      figures?.rollback ? [figures.rollback.newest.bundleUri, figures.rollback.previous.bundleUri] : [],
    );
    const file = (uri: string | undefined, path: string): Promise<Uint8Array> =>
      read(releases, `${uri?.slice(`s3://${releases}/`.length)}${path}`);
    const document = bundle.parse(JSON.parse(Buffer.from(await file(newest, 'bundle.json')).toString()));
    const files = await Promise.all(
      document.files.map(async ({ path }) => {
        const content = await file(path === document.parity.expected ? previous : newest, path);
        await s3.send(new PutObjectCommand({ Bucket: releases, Key: `${model}${path}`, Body: content, IfNoneMatch: '*' }));
        return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
      }),
    );
    const planted = { ...document, name: 'planted-drift', version: 1, files, bundleSha256: treeHash(files) };
    const Body = JSON.stringify(bundle.parse(planted));
    await s3.send(new PutObjectCommand({ Bucket: releases, Key: `${model}bundle.json`, Body, IfNoneMatch: '*' }));
  };

  it('finds that every released model answers as it did, and says under which libraries', async () => {
    const { execution, report } = await spotCheck();
    expect(report.outcome, JSON.stringify(report)).toBe('held');
    expect(report.finding?.bundles.map(({ outcome, error }) => ({ outcome, error }))).toContainEqual({
      outcome: 'held',
      error: null,
    });
    expect(execution.status).toBe('SUCCEEDED');
    expect(Object.keys(report.finding?.versions ?? {})).toEqual(expect.arrayContaining(['onnxruntime', 'numpy']));
  });

  it('fails, naming the model, when one answers otherwise than recorded', async () => {
    await plantDrift();
    const { execution, report } = await spotCheck();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'SpotCheck.Drifted' });
    expect(report.because).toContain('acme/planted-drift/1 drifted');
    const drifted = report.finding?.bundles.filter(({ outcome }) => outcome !== 'held');
    expect(drifted?.map(({ bundleUri }) => bundleUri)).toEqual([`s3://${releases}/${model}`]);
    expect(drifted?.[0]?.mismatches[0]).toMatch(/^logits/);
  });
});
