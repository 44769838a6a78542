import { describe, expect, it } from 'vitest';
import { readEnv } from '../../../functions/shared/env.ts';
import { byStage, PRICES } from '../an-experiment.ts';

describe('readEnv', () => {
  it('gives the declared variables parsed, and no other', () => {
    const cpu = 'arn:aws:batch:us-east-1:1:job-queue/cpu';
    const env = readEnv(['TABLE_NAME', 'PROFILES', 'START_AFTER_SECONDS', 'PRICES'], {
      TABLE_NAME: 'table',
      PROFILES: JSON.stringify({ queues: { cpu }, ladders: { default: byStage(() => ['cpu', 'cpu']) } }),
      START_AFTER_SECONDS: '60',
      PRICES: JSON.stringify(PRICES),
      SECRET: 'x',
    });
    const ladders = byStage(() => [cpu, cpu]);
    expect(env).toEqual({ TABLE_NAME: 'table', PROFILES: { default: ladders }, START_AFTER_SECONDS: 60, PRICES });
  });

  it('names every variable that is missing or malformed, all at once', () => {
    expect(() =>
      readEnv(['TABLE_NAME', 'JOB_QUEUES', 'STATE_MACHINE_ARN'], { JOB_QUEUES: '[', STATE_MACHINE_ARN: 'machine' }),
    ).toThrow(/TABLE_NAME: not set.*JOB_QUEUES: .*expected JSON.*STATE_MACHINE_ARN: .*expected an ARN/s);
  });

  it('refuses a ladder with a queue that has no ARN, naming it', () => {
    const PROFILES = JSON.stringify({ queues: {}, ladders: { default: byStage(() => ['gpu-spot']) } });
    expect(() => readEnv(['PROFILES'], { PROFILES })).toThrow(/PROFILES: .*names the queue gpu-spot, which has no ARN/);
  });

  it('refuses an allowed source that does not end at a folder, because it would allow its siblings too', () => {
    expect(() => readEnv(['ALLOWED_SOURCES'], { ALLOWED_SOURCES: '["s3://open-data/rat"]' })).toThrow('expected s3://bucket/');
    expect(readEnv(['ALLOWED_SOURCES'], { ALLOWED_SOURCES: '["s3://open-data/", "s3://a-b/c/"]' }).ALLOWED_SOURCES).toHaveLength(
      2,
    );
  });
});
