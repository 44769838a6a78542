import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { keys } from '../../functions/shared/contracts/names.ts';
import { type RehearsalReport, rehearsalReport, type UpgradeChoice } from '../../functions/shared/contracts/rehearsal.ts';
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

/** Starts a rehearsal as from the console, waits for its end, and reads the report that it published. */
const rehearse = async (
  upgrade: UpgradeChoice,
): Promise<{ execution: DescribeExecutionCommandOutput; report: RehearsalReport }> => {
  const sfn = new SFNClient(clientOptions(operator));
  const name = randomUUID();
  const stateMachineArn = String(outputs.RehearsalStateMachineArn);
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify({ upgrade }) }),
  );
  let execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  while (execution.status === 'RUNNING') {
    await sleep(1000);
    execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  }
  const s3 = new S3Client({ ...clientOptions(operator), forcePathStyle: true });
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: String(outputs.ExperimentsBucket), Key: keys.rehearsal(name, 'report') }),
  );
  return { execution, report: rehearsalReport.parse(JSON.parse((await Body?.transformToString()) ?? '')) };
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
