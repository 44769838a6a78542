import { BatchClient, type JobDetail } from '@aws-sdk/client-batch';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { executions } from '../../../functions/experiments/executions.ts';
import { ATTEMPT_DOCUMENTS, type AttemptId, keys } from '../../../functions/shared/contracts/names.ts';
import { logger } from '../../../functions/shared/handlers.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { type ExperimentItem, experimentEntity } from '../../../functions/shared/table/experiment.ts';
import type { JobView } from '../../../functions/stages/job-view.ts';
import type { Observer } from '../../../functions/stages/observer.ts';
import { stageStore } from '../../../functions/stages/stage-store.ts';
import { anExperiment } from '../an-experiment.ts';
import { localAws } from '../local-aws.ts';
import { aJob, LIMITS } from './a-job.ts';

export const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:spotforge';
export const QUEUE = 'arn:aws:batch:us-east-1:000000000000:job-queue/spotforge-cpu-spot';

/** An observer with a real table and bucket; Step Functions and Batch are played by mocks, for their errors cannot be had otherwise. */
export const anObserver = async () => {
  logger.setLogLevel('SILENT');
  const aws = await localAws();
  const stepFunctions = new SFNClient({ region: 'us-east-1' });
  const batch = new BatchClient({ region: 'us-east-1' });
  const observer: Observer = {
    store: stageStore(aws.table),
    s3: aws.s3,
    batch,
    stepFunctions,
    runs: executions(stepFunctions, MACHINE),
    bucket: aws.buckets.experiments,
    stateMachineArn: MACHINE,
    queues: [QUEUE],
    limits: LIMITS,
    clock: { now: () => new Date() },
  };
  const experiments = experimentEntity(aws.table);
  const events = eventEntity(aws.table);
  return {
    aws,
    observer,
    stepFunctions: mockClient(stepFunctions),
    batch: mockClient(batch),
    /** An experiment in the table, running unless said otherwise. */
    store: async (changes: Partial<ExperimentItem> = {}): Promise<ExperimentItem> => {
      const experiment = anExperiment({ status: 'running', updatedAt: new Date().toISOString(), ...changes });
      await experiments.create(experiment).go();
      return experiment;
    },
    stored: async (id: string): Promise<ExperimentItem> => {
      const { data } = await experiments.get({ id }).go({ consistent: true });
      if (!data) throw new Error(`${id} is not stored`);
      return data;
    },
    history: async (experimentId: string): Promise<string[]> =>
      (await events.query.ofExperiment({ experimentId }).go({ pages: 'all' })).data.map(({ type }) => type),
    /** A document in an attempt's folder. */
    put: (at: AttemptId, name: keyof typeof ATTEMPT_DOCUMENTS, document: unknown) =>
      aws.s3.send(
        new PutObjectCommand({
          Bucket: aws.buckets.experiments,
          Key: keys.attempt(at) + ATTEMPT_DOCUMENTS[name],
          Body: typeof document === 'string' ? document : JSON.stringify(document),
        }),
      ),
  };
};

/** A job as DescribeJobs and the event's detail show it. */
export const detailOf = (at: Parameters<typeof aJob>[0], changes: Partial<JobView> = {}): JobDetail => {
  const job = aJob(at, changes);
  const told = <T>(value: T | null) => value ?? undefined;
  return {
    jobName: `${job.at.experimentId}-r${job.at.run}-${job.at.stage}-${job.at.attempt}`,
    jobId: job.jobId,
    jobQueue: QUEUE,
    jobDefinition: 'definition:1',
    status: job.status,
    statusReason: told(job.statusReason),
    createdAt: told(job.createdAt),
    startedAt: told(job.startedAt),
    stoppedAt: told(job.stoppedAt),
    container: {
      exitCode: told(job.exitCode),
      reason: told(job.reason),
      environment: [{ name: 'TASK_TOKEN', value: told(job.taskToken) }],
    },
  };
};

export const anEvent = <T extends string, D>(type: T, detail: D) => ({
  version: '0',
  id: 'event-1',
  'detail-type': type,
  source: 'aws.batch',
  account: '000000000000',
  time: '2026-11-22T07:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail,
});
