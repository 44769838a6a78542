import { type BatchClient, TerminateJobCommand } from '@aws-sdk/client-batch';
import * as z from 'zod';
import { type ExperimentStore, experimentStore } from '../experiments/experiment-store.ts';
import { batchClient, documentClient } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { experimentId, positiveInteger, stage } from '../shared/contracts/primitives.ts';
import { ExperimentNotFound } from '../shared/errors.ts';
import { eventHandler } from '../shared/handlers.ts';
import { jobsOfExperiment } from './find-jobs.ts';
import { judgeRelease, releaseMessage } from './gpu-release.ts';
import { type HostStore, hostStore } from './host-store.ts';
import { instancesOfJobs } from './instance-of-job.ts';
import { queueName } from './job-view.ts';

export const environment = ['TABLE_NAME'] as const;

const request = z.strictObject({ experimentId, run: positiveInteger, stage });

type Services = { experiments: ExperimentStore; hosts: HostStore; batch: BatchClient; clock: Clock };

/**
 * The state machine is about to leave a GPU stage. Answers whether nothing of the experiment holds a GPU any more, and keeps the evidence in
 * its history; ends what still does. A repeated call may say the same twice.
 */
export const confirmRelease = async (
  event: unknown,
  { experiments, hosts, batch, clock }: Services,
): Promise<{ released: boolean }> => {
  const { experimentId, run, stage } = request.parse(event);
  const experiment = await experiments.get(experimentId);
  if (!experiment) throw new ExperimentNotFound();
  const queues = [...new Set(experiment.spec.pins.ladders[stage])];
  const release = judgeRelease(stage, await jobsOfExperiment(batch, queues, experimentId));
  if (!release.released) {
    const reason = `Stage.Superseded: ${stage} is over`;
    await Promise.all(release.alive.map(({ jobId }) => batch.send(new TerminateJobCommand({ jobId, reason }))));
    return { released: false };
  }
  const { last } = release;
  const message = releaseMessage(queues.map(queueName), last);
  await experiments.change(experimentId, (stored) =>
    stored.run === run ? { events: [{ type: 'gpu.released', stage, message }] } : undefined,
  );
  const instance = last && (await instancesOfJobs(batch, [last.jobId])).get(last.jobId);
  if (last && instance)
    await hosts.watch({
      experimentId,
      run: last.at.run,
      stage,
      attempt: last.at.attempt,
      jobId: last.jobId,
      queue: last.queue,
      containerInstanceArn: instance,
      freeSince: instantOf(last.stoppedAt === null ? clock.now() : new Date(last.stoppedAt)),
    });
  return { released: true };
};

export const handler = eventHandler(
  environment,
  ({ TABLE_NAME }) => {
    const table = { client: documentClient(), table: TABLE_NAME };
    return { experiments: experimentStore(table), hosts: hostStore(table), batch: batchClient(), clock: systemClock };
  },
  confirmRelease,
);
