import { DescribeJobsCommand, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeContainerInstancesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { confirmRelease } from '../../../functions/stages/confirm-release.ts';
import { hostStore } from '../../../functions/stages/host-store.ts';
import { watchHosts } from '../../../functions/stages/watch-hosts.ts';
import { anId } from '../an-experiment.ts';
import { anObserver } from './an-observer.ts';

const INSTANCE = 'arn:aws:ecs:us-east-1:000000000000:container-instance/cluster/0abc';

describe('leaving the GPUs', () => {
  let world: Awaited<ReturnType<typeof anObserver>>;
  let services: Parameters<typeof watchHosts>[0];
  const client = new ECSClient({ region: 'us-east-1' });
  const ecs = mockClient(client);

  beforeAll(async () => {
    world = await anObserver();
    const { observer, aws } = world;
    services = {
      experiments: observer.store.experiments,
      hosts: hostStore(aws.table),
      batch: observer.batch,
      queues: [],
      ecs: client,
      clock: observer.clock,
    };
  });
  beforeEach(() => {
    world.batch.reset();
    ecs.reset();
  });

  const said = async (experimentId: string, prefix: string): Promise<string[]> =>
    (await eventEntity(world.aws.table).query.ofExperiment({ experimentId }).go({ pages: 'all' })).data
      .filter(({ type }) => type.startsWith(prefix))
      .map(({ type, message }) => `${type}: ${message}`);

  const batchShows = (experimentId: string, status: 'SUCCEEDED' | 'RUNNING'): void => {
    const jobSummaryList = [
      { jobId: `job-of-${experimentId}`, jobName: `${experimentId}-r1-train-1`, status, stoppedAt: Date.now() },
    ];
    world.batch.on(ListJobsCommand).resolves({ jobSummaryList });
    world.batch.on(DescribeJobsCommand).callsFake(({ jobs }: { jobs: string[] }) => ({
      jobs: jobs.map((jobId) => ({ jobId, container: { containerInstanceArn: INSTANCE } })),
    }));
    world.batch.on(TerminateJobCommand).resolves({});
  };

  const trained = async (): Promise<string> => {
    const { id } = await world.store({ id: anId() });
    batchShows(id, 'SUCCEEDED');
    expect(await confirmRelease({ experimentId: id, run: 1, stage: 'train' }, services)).toEqual({ released: true });
    return id;
  };

  it('is confirmed with the evidence in the history once the job has ended', async () => {
    const id = await trained();
    expect(await said(id, 'gpu.')).toEqual([
      expect.stringMatching(/^gpu\.released: Job job-of-exp_\w+ ended SUCCEEDED at .* no other/),
    ]);
    expect((await services.hosts.watched()).map(({ experimentId }) => experimentId)).toContain(id);
  });

  it('is not confirmed while an attempt is alive, which is ended', async () => {
    const { id } = await world.store({ id: anId() });
    batchShows(id, 'RUNNING');
    expect(await confirmRelease({ experimentId: id, run: 1, stage: 'train' }, services)).toEqual({ released: false });
    expect(world.batch.commandCalls(TerminateJobCommand)[0]?.args[0].input).toEqual({
      jobId: `job-of-${id}`,
      reason: 'Stage.Superseded: train is over',
    });
    expect(await said(id, 'gpu.')).toEqual([]);
  });

  it('is followed until the instance has left, which is written down once', async () => {
    const id = await trained();
    ecs.on(DescribeContainerInstancesCommand).resolves({ containerInstances: [{ status: 'ACTIVE', runningTasksCount: 0 }] });
    await watchHosts(services);
    expect(await said(id, 'gpu.host')).toEqual([]);
    ecs.on(DescribeContainerInstancesCommand).resolves({ failures: [{ arn: INSTANCE, reason: 'MISSING' }] });
    await watchHosts(services);
    await watchHosts(services);
    expect(await said(id, 'gpu.host')).toEqual([
      expect.stringMatching(/^gpu\.host-left: The training instance 0abc has left, seen \d+ s after the job\.$/),
    ]);
    expect((await services.hosts.watched()).map(({ experimentId }) => experimentId)).not.toContain(id);
  });

  it('is followed until somebody else works on the instance', async () => {
    const id = await trained();
    ecs.on(DescribeContainerInstancesCommand).resolves({ containerInstances: [{ status: 'ACTIVE', runningTasksCount: 1 }] });
    await watchHosts(services);
    expect(await said(id, 'gpu.host')).toEqual([
      expect.stringContaining('gpu.host-reused: The training instance 0abc was taken over by'),
    ]);
  });
});
