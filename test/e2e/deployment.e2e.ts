import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  BatchClient,
  DescribeJobDefinitionsCommand,
  DescribeJobsCommand,
  type JobDetail,
  ListJobsCommand,
} from '@aws-sdk/client-batch';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobName, STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { QUEUES } from '../../lib/config/queues.ts';
import type { Api } from '../../local/client/api.ts';
import type { Experiment } from '../../local/client/api-types.ts';
import { apiOfTier } from '../../local/client/tier-api.ts';
import { isCheckpointed } from '../../local/drill/checkpointed.ts';
import { debugSpec, uploadStart } from '../../local/drill/debug-experiment.ts';
import { type Start, writeDebugModel } from '../../local/drill/debug-model.ts';
import { plantInBatch } from '../../local/drill/fault-routes.ts';
import { overlay, withStandIns } from '../../local/drill/images.ts';
import { keptState } from '../../local/lifecycle/kept-state.ts';
import { type Assembly, CDK } from '../../local/tier/assembly.ts';
import { DEPLOYMENT } from '../../local/tier/deployment-name.ts';
import { IMAGES } from '../../local/tier/images.ts';
import { tierFolder } from '../../local/tier/paths.ts';
import { Tier } from '../../local/tier/tier.ts';
import { CopiedApp } from '../lib/copied-app.ts';
import { ended, until } from './an-experiment.ts';
import { addStage } from './with-a-new-stage.ts';

const NAME = 'deployment-test';
const STACKS = ['storage', 'compute', 'pipeline', 'api', 'rehearsal'].map((stack) => `${DEPLOYMENT}-${stack}`);
/** Training stands still here, with a checkpoint behind it and half of its steps before it, until its host is reclaimed. */
const HOLD = { DRILL_AT_STEP: '300', DRILL_HOLD_SECONDS: '600' };

const FIRST = { data: 'destroy', gitSha: '1'.repeat(40), images: { training: { tag: 'first' } } } as const;
/** Another image, another role (of `ingest`) and another queue. */
const SECOND = {
  ...FIRST,
  images: { training: { tag: 'second' } },
  allowedSources: ['s3://somewhere-else/'],
  benchmarkOnGraviton: true,
  // Two rungs less for three stages: with a ninth stage and a profile more, the ladders would not fit into a function's environment.
  profiles: { default: Object.fromEntries(['ingest', 'prepare', 'export'].map((stage) => [stage, ['cpu-spot']])) },
} as const;

/** What each stack's resources are called in the account, and their types. */
const resourcesOf = async (tier: Tier): Promise<Map<string, { type: string; name: string }>> => {
  const cloudFormation = new CloudFormationClient(tier.root);
  const stacks = await Promise.all(
    STACKS.map((StackName) => cloudFormation.send(new DescribeStackResourcesCommand({ StackName }))),
  );
  return new Map(
    stacks.flatMap(({ StackResources = [] }) =>
      StackResources.map(({ StackName, LogicalResourceId, ResourceType = '', PhysicalResourceId = '' }) => [
        `${StackName}/${LogicalResourceId}`,
        { type: ResourceType, name: PhysicalResourceId },
      ]),
    ),
  );
};

const jobsOf = async (tier: Tier, id: string): Promise<JobDetail[]> => {
  const batch = new BatchClient(tier.root);
  const lists = await Promise.all(
    QUEUES.map((queue) =>
      batch.send(
        new ListJobsCommand({ jobQueue: `${DEPLOYMENT}-${queue}`, filters: [{ name: 'JOB_NAME', values: [`${id}*`] }] }),
      ),
    ),
  );
  const jobs = lists.flatMap(({ jobSummaryList = [] }) => jobSummaryList.map(({ jobId }) => String(jobId)));
  return (await batch.send(new DescribeJobsCommand({ jobs }))).jobs ?? [];
};

const pinnedTo = ({ spec }: Experiment): Record<string, string> => spec.pins.jobDefinitions;

describe('a deployment over a running one', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'deployment-'));
  const app = addStage(new CopiedApp());
  let tier: Tier;
  let api: Api;
  let start: Start;
  let spec: ReturnType<typeof debugSpec>;
  let changed: Assembly;
  let running: Experiment;
  let before: Awaited<ReturnType<typeof resourcesOf>>;
  let after: Awaited<ReturnType<typeof resourcesOf>>;

  const nameOf = (stage: Stage, attempt: number): string => jobName({ experimentId: running.id, run: 1, stage, attempt });

  const configuration = (name: string, content: unknown): string => {
    const file = join(scratch, `${name}.json`);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };

  const synthesiseChanged = async (): Promise<Assembly> => {
    const folder = join(scratch, 'changed');
    const context = `config=${configuration('second', SECOND)}`;
    const env = { ...process.env, CDK_VALIDATION: 'false' };
    await promisify(execFile)(CDK, ['synth', '--quiet', '--output', folder, '--context', context], { cwd: app.folder, env });
    return { folder, hash: 'changed' };
  };

  beforeAll(async () => {
    rmSync(tierFolder(NAME), { recursive: true, force: true });
    start = writeDebugModel(join(scratch, 'debug-model'));
    tier = await Tier.start({
      name: NAME,
      configuration: configuration('first', FIRST),
      images: withStandIns(IMAGES),
      jobs: 2,
    });
    api = await apiOfTier(tier.record);
    spec = debugSpec(await uploadStart(api, start), start, 'train', 3);
    running = await api.createExperiment(spec);
    const held = { jobNamePattern: nameOf('train', 1), pythonPath: overlay('hold'), environment: HOLD };
    await plantInBatch(tier.record, 'jobs/overlay', held);
    before = await resourcesOf(tier);
    changed = await synthesiseChanged();
    while (!(await isCheckpointed(api, running.id))) await until(api, running.id, ({ status }) => status !== 'queued');
    await tier.deploy(changed);
    after = await resourcesOf(tier);
  });

  afterAll(async () => {
    await tier?.stop();
    app.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('replaces nothing but job definitions, which get another revision', () => {
    const replaced = [...before].filter(([id, { name }]) => after.get(id)?.name !== name);
    expect(new Set(replaced.map(([, { type }]) => type))).toEqual(new Set(['AWS::Batch::JobDefinition']));
    const added = [...after].filter(([id]) => !before.has(id)).map(([, { type, name }]) => `${type} ${name.split('/').at(-1)}`);
    expect(added).toContain(`AWS::Batch::JobQueue ${DEPLOYMENT}-cpu-benchmark-arm`);
    expect(added).toContain(`AWS::Batch::JobDefinition ${DEPLOYMENT}-report:1`);
  });

  it('lets a running experiment go on as it was pinned, also in the next attempt', async () => {
    const training = await api.experiment(running.id);
    expect([training.status, training.progress?.stage]).toEqual(['running', 'train']);
    await plantInBatch(tier.record, 'hosts/reclaim', { jobName: nameOf('train', 1), noticeSeconds: 0 });
    const experiment = await ended(api, running.id);
    expect(experiment.failure).toBeNull();
    expect(experiment.status).toBe('succeeded');
    expect(experiment.stages.train?.resumedFromStep).toBeGreaterThan(0);

    const jobs = new Map((await jobsOf(tier, running.id)).map((job) => [job.jobName, job]));
    expect([...jobs.keys()].sort()).toEqual([...STAGES.map((stage) => nameOf(stage, 1)), nameOf('train', 2)].sort());
    for (const stage of STAGES) expect(jobs.get(nameOf(stage, 1))?.jobDefinition).toBe(pinnedTo(running)[stage]);
    const again = jobs.get(nameOf('train', 2));
    expect(again?.jobDefinition).toBe(pinnedTo(running).train);
    expect(again?.container?.image).toMatch(/\/training:first$/);
  });

  it('pins a new experiment to the new image and the new stage', async () => {
    const experiment = await api.createExperiment({ ...spec, name: 'after' });
    const pins = pinnedTo(experiment);
    expect([pins.train, pins.report]).toEqual([expect.stringMatching(/-train:2$/), expect.stringMatching(/-report:1$/)]);
    const batch = new BatchClient(tier.root);
    const { jobDefinitions = [] } = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitions: [String(pins.train)] }));
    expect(jobDefinitions[0]?.containerProperties?.image).toMatch(/\/training:second$/);
    // No further: the packages here are those of the first release, which refuse a spec with a stage that they do not know.
    await api.cancel(experiment.id);
    await ended(api, experiment.id);
  });

  it('is taken away whole: nothing of it is left in any service', async () => {
    const { emptied, deregistered } = await tier.takeDown(changed);
    expect(emptied.map(({ objects }) => objects > 0).sort()).toEqual([false, true, true, true]); // a stand-in releases nothing
    expect(deregistered).toContain(pinnedTo(running).train);
    await tier.stop();
    expect([...keptState(tierFolder(NAME))]).toEqual([]);
  });
});
