import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keptState } from '../../../local/lifecycle/kept-state.ts';

const HERE = '000000000000\0us-east-1\0';

type Stores = Record<string, Record<string, unknown>>;

/** What a tier that was stopped leaves in its folder, in the form in which the local AWS and the local Batch save it. */
const aStoppedTier = (services: Record<string, Stores>, batch: Stores = {}, objects: string[] = []): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kept-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, content: unknown): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify(content));
  };
  for (const [service, stores] of Object.entries(services)) {
    const payload = Object.entries(stores).map(([store, entries]) => [
      store,
      { __scoped__: true, data: Object.fromEntries(Object.entries(entries).map(([id, value]) => [`${HERE}'${id}'`, value])) },
    ]);
    write(`aws/services/${service}.json`, { payload: { port_counter: 1, ...Object.fromEntries(payload) } });
  }
  write('batch/resources.json', batch);
  for (const object of objects) write(`aws/objects/${object}`, {});
  return folder;
};

describe('what is in an account', () => {
  it('is nothing where there is only what a bootstrapped account has, and what was', () => {
    const folder = aStoppedTier(
      {
        cloudformation: {
          stacks: { CDKToolkit: { StackStatus: 'CREATE_COMPLETE' }, gone: { StackStatus: 'DELETE_COMPLETE' } },
          stack_events: { gone: [{ StackName: 'gone' }] },
        },
        cloudwatch: { alarm_history: { drift: [{ AlarmName: 'drift' }] } },
        dynamodb: { backups: { system: { BackupDetails: { BackupType: 'SYSTEM' } } } },
        ec2: { vpcs: { 'vpc-00000001': { IsDefault: true } } },
        apigateway: { authorizers: { abc: {} } },
        eventbridge: { buses: { default: { Name: 'default' } } },
        stepfunctions: { executions: { e: { executionArn: 'e', stopDate: 1 } } },
      },
      { jobDefinitions: { 'definition:1': { status: 'INACTIVE' } } },
      ['000000000000/cdk-hnb659fds-assets-000000000000-us-east-1/a.zip'],
    );
    mkdirSync(join(folder, 'aws/objects/.versions/000000000000/emptied'), { recursive: true });
    expect([...keptState(folder)]).toEqual([]);
  });

  it('names what is left of any service, the executor’s and files without a bucket included', () => {
    const folder = aStoppedTier(
      {
        cloudformation: { stacks: { half: { StackStatus: 'DELETE_FAILED' } } },
        cloudwatch: { alarms: { drift: { AlarmName: 'drift' } } },
        dynamodb: { tables: { t: { TableName: 't' } }, backups: { ours: { BackupDetails: { BackupType: 'USER' } } } },
        stepfunctions: { executions: { e: { executionArn: 'e', stopDate: null }, f: { executionArn: 'f' } } },
        newer: { things: { thing: 1 } },
      },
      { jobDefinitions: { 'definition:1': { status: 'ACTIVE' } }, jobQueues: { queue: {} } },
      ['000000000000/bucket/a', '.versions/000000000000/versioned/b'],
    );
    expect([...keptState(folder)]).toEqual([
      'batch jobDefinitions: definition:1',
      'batch jobQueues: queue',
      'cloudformation stacks: half',
      'cloudwatch alarms: drift',
      'dynamodb backups: ours',
      'dynamodb tables: t',
      'newer things: thing',
      's3 objects: bucket',
      's3 objects: versioned',
      'stepfunctions executions: e',
      'stepfunctions executions: f',
    ]);
  });
});
