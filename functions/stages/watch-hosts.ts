import type { BatchClient } from '@aws-sdk/client-batch';
import { DescribeContainerInstancesCommand, type ECSClient } from '@aws-sdk/client-ecs';
import type { ExperimentStore } from '../experiments/experiment-store.ts';
import type { Clock } from '../shared/clock.ts';
import type { HostItem } from '../shared/table/host.ts';
import { jobsAlive } from './find-jobs.ts';
import { hostNews, type InstanceView, type Tenancy } from './host-news.ts';
import type { HostStore } from './host-store.ts';
import { instancesOfJobs } from './instance-of-job.ts';

export type HostWatch = {
  experiments: ExperimentStore;
  hosts: HostStore;
  batch: BatchClient;
  queues: readonly string[];
  ecs: ECSClient;
  clock: Clock;
};

/** `arn:aws:ecs:{region}:{account}:container-instance/{cluster}/{id}` */
const clusterOf = (containerInstanceArn: string): string => containerInstanceArn.split('/')[1] ?? '';

const look = async (ecs: ECSClient, containerInstanceArn: string): Promise<InstanceView> => {
  const { containerInstances = [], failures = [] } = await ecs.send(
    new DescribeContainerInstancesCommand({
      cluster: clusterOf(containerInstanceArn),
      containerInstances: [containerInstanceArn],
    }),
  );
  const [instance] = containerInstances;
  if (instance) return { state: 'seen', status: instance.status ?? '', runningTasks: instance.runningTasksCount ?? 0 };
  return failures.some(({ reason }) => reason === 'MISSING') ? { state: 'absent' } : { state: 'unknown' };
};

/** Writes into the histories what became of the GPU instances that training gave back: they have left, or somebody else works on them. */
export const watchHosts = async ({ experiments, hosts, batch, queues, ecs, clock }: HostWatch): Promise<void> => {
  const watched = await hosts.watched();
  if (watched.length === 0) return;
  const running = await jobsAlive(batch, queues, ['RUNNING']);
  const instances = await instancesOfJobs(
    batch,
    running.map(({ jobId }) => jobId),
  );
  const tenancyOf = async ({ containerInstanceArn }: HostItem): Promise<Tenancy | undefined> => {
    const job = running.find(({ jobId }) => instances.get(jobId) === containerInstanceArn);
    return job && { experimentId: job.at.experimentId, tenant: (await experiments.get(job.at.experimentId))?.tenant };
  };
  for (const host of watched) {
    const { experimentId, containerInstanceArn, stage, attempt } = host;
    const experiment = await experiments.get(experimentId);
    if (!experiment) continue;
    const [instance, by] = await Promise.all([look(ecs, containerInstanceArn), tenancyOf(host)]);
    const news = hostNews(host, experiment.tenant, instance, by, clock.now());
    if (!news || !(await hosts.settle(host, news.state))) continue;
    const event = { type: `gpu.host-${news.state}`, stage, attempt, message: news.message };
    await experiments.change(experimentId, () => ({ events: [event] }));
  }
};
