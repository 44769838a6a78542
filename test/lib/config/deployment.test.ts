import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../../functions/shared/contracts/names.ts';
import { assertConsistent, taskSecondsNeeded } from '../../../lib/config/consistency.ts';
import { DeploymentError } from '../../../lib/config/deployment-error.ts';
import { offersOf } from '../../../lib/config/instance-catalogue.ts';
import { currentCommit, loadDeployment, parseDeployment } from '../../../lib/config/load-deployment.ts';

const file = (content: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'spotforge-config-')), 'deployment.json');
  writeFileSync(path, content);
  return path;
};
const COMMIT = 'a'.repeat(40);

describe('the deployment configuration', () => {
  it('needs nothing: the defaults are consistent', () => {
    expect(() => assertConsistent(loadDeployment(undefined))).not.toThrow();
  });

  it('takes overrides from a JSON file and keeps the other defaults', () => {
    const deployment = loadDeployment(file('{"name": "lab", "stages": {"train": {"memoryMiB": 12000}}}'));
    expect(deployment.name).toBe('lab');
    expect(deployment.stages.train).toMatchObject({ memoryMiB: 12_000, vcpus: 4, gpus: 1 });
  });

  it('refuses unknown keys, naming where', () => {
    expect(() => parseDeployment({ queues: { 'gpu-spot': { minvCpus: 4 } } })).toThrow(/queues\.gpu-spot: .*minvCpus/);
  });

  it('says which file cannot be read', () => {
    expect(() => loadDeployment('/nowhere/deployment.json')).toThrow(/\/nowhere\/deployment\.json: .*Context key config/);
    expect(() => loadDeployment(file('{'))).toThrow(DeploymentError);
  });

  it('refuses a tag beside a digest', () => {
    expect(() => parseDeployment({ images: { data: { tag: '1', digest: `sha256:${'0'.repeat(64)}` } } })).toThrow(
      /a tag or a digest/,
    );
  });

  it('takes the commit of the work tree unless one is configured', () => {
    expect(parseDeployment({}, () => COMMIT).gitSha).toBe(COMMIT);
    expect(parseDeployment({ gitSha: 'b'.repeat(40) }, () => COMMIT).gitSha).toBe('b'.repeat(40));
    expect(parseDeployment({}, () => undefined).gitSha).toBe('unknown');
    expect(currentCommit() ?? COMMIT).toMatch(/^[0-9a-f]{40}$/);
  });

  it('knows a second profile of its own, but only a whole one', () => {
    const queue = ['cpu-on-demand'] as const;
    const whole = Object.fromEntries(STAGES.map((stage) => [stage, stage === 'train' ? ['gpu-on-demand'] : queue]));
    expect(parseDeployment({ profiles: { careful: whole } }).profiles).toHaveProperty('careful.train', ['gpu-on-demand']);
    expect(() => parseDeployment({ profiles: { careful: { train: ['gpu-spot'] } } })).toThrow(/profiles\.careful\.ingest/);
  });
});

describe('the limits of a deployment', () => {
  it('refuse a hang limit that the attempt does not outlast', () => {
    const deployment = parseDeployment({ stages: { train: { hangLimitSeconds: 3600, attemptDurationSeconds: 3600 } } });
    expect(() => assertConsistent(deployment)).toThrow(
      /stages\.train\.hangLimitSeconds is 3600, but an attempt ends after 3600 s/,
    );
  });

  it('take a hang limit of five seconds, as drills have it, and no shorter one', () => {
    const stages = (hangLimitSeconds: number) => ({ stages: { train: { hangLimitSeconds } } });
    expect(() => assertConsistent(parseDeployment(stages(5)))).not.toThrow();
    expect(() => parseDeployment(stages(4))).toThrow(/stages\.train\.hangLimitSeconds/);
  });

  it('hold for a Task exactly when it outlasts queue, attempt and report', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 600, max: 7200 }),
        fc.integer({ min: 1000, max: 90_000 }),
        fc.integer({ min: -2, max: 2 }),
        (queueSeconds, attempt, more) => {
          const taskTimeoutSeconds = queueSeconds + attempt + 300 + more;
          const stages = { export: { attemptDurationSeconds: attempt, taskTimeoutSeconds } };
          const deployment = parseDeployment({ limits: { queueSeconds }, stages });
          expect(taskSecondsNeeded(deployment, 'export')).toBe(queueSeconds + attempt + 300);
          if (more > 0) expect(() => assertConsistent(deployment)).not.toThrow();
          else expect(() => assertConsistent(deployment)).toThrow(/gives up on export/);
        },
      ),
    );
  });

  it('refuse a job that asks for more than 90 % of an instance', () => {
    expect(() => assertConsistent(parseDeployment({ stages: { benchmark: { memoryMiB: 7_400 } } }))).toThrow(
      /c6i\.xlarge in queues\.cpu-benchmark\.instanceTypes/,
    );
    expect(() => assertConsistent(parseDeployment({ stages: { benchmark: { memoryMiB: 7_300 } } }))).not.toThrow();
  });

  it('refuse a training on instances without a GPU, and instances that nobody knows', () => {
    expect(() => assertConsistent(parseDeployment({ queues: { 'gpu-spot': { instanceTypes: ['m6i.xlarge'] } } }))).toThrow(
      /1 GPUs \(gpus\), but m6i\.xlarge in queues\.gpu-spot/,
    );
    expect(() => assertConsistent(parseDeployment({ queues: { 'gpu-spot': { instanceTypes: ['x9.xlarge'] } } }))).toThrow(
      /not known here/,
    );
  });

  it('refuse more profiles than a function environment can carry', () => {
    const train = Array.from({ length: 10 }, () => 'gpu-on-demand' as const);
    const whole = Object.fromEntries(STAGES.map((stage) => [stage, stage === 'train' ? train : ['cpu-on-demand']]));
    expect(() => assertConsistent(parseDeployment({ profiles: { default: { train }, 'on-demand': { train } } }))).not.toThrow();
    expect(() => assertConsistent(parseDeployment({ profiles: { one: whole, two: whole, three: whole } }))).toThrow(
      /profiles, allowedSources and identity\.claims take \d+ bytes of a function's environment/,
    );
  });
});

describe('the instance catalogue', () => {
  it('knows the machines that the defaults use', () => {
    expect(offersOf('g6.xlarge')).toEqual([{ vcpus: 4, memoryMiB: 16_384, gpus: 1, arm: false }]);
    expect(offersOf('c6i.xlarge')).toEqual([{ vcpus: 4, memoryMiB: 8_192, gpus: 0, arm: false }]);
    expect(offersOf('g4dn').every(({ gpus }) => gpus >= 1)).toBe(true);
    expect(offersOf('g6.nano')).toEqual([]);
  });
});
