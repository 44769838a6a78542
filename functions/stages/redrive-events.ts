import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type PreparationServices, preparationServices } from '../datasets/record-preparation.ts';
import { isOfPreparation, type PreparationEvent, trackPreparation } from '../datasets/track-preparation.ts';
import { announceAgain } from '../experiments/announce-again.ts';
import { documentClient, eventBridgeClient, sqsClient } from '../shared/clients.ts';
import { EVENTS } from '../shared/contracts/names.ts';
import { eventHandler, logger } from '../shared/handlers.ts';
import type { Announcer } from '../shared/put-event.ts';
import type { Table } from '../shared/table/table.ts';
import { readDeadLetter } from './dead-letter.ts';
import { OBSERVER_ENVIRONMENT, type Observer, observer } from './observer.ts';
import { type ProgressEvent, recordProgress } from './record-progress.ts';
import { type ExecutionEvent, trackExecution } from './track-execution.ts';
import { type JobEvent, trackJob } from './track-job.ts';

export const environment = [...OBSERVER_ENVIRONMENT, 'DATASETS_BUCKET', 'EVENT_BUS', 'DEAD_LETTER_QUEUES'] as const;

export type Redrive = {
  observer: Observer;
  preparations: PreparationServices;
  announcer: Announcer;
  table: Table;
  sqs: SQSClient;
  queues: readonly string[];
};
export type Redriven = { delivered: number; left: number };

/** Longer than this function may run, so that it tries each message once; what it leaves can be seen again afterwards. */
const UNSEEN_SECONDS = 120;
/** SQS hands out no more. */
const AT_ONCE = 10;
/** The next call goes on with the rest. A message takes a few calls to AWS, well under a second. */
const MOST_SECONDS = 40;

/** Each event goes to what its rule would have called. The next minute's supervision has done what a missed one would have. */
const CONSUMERS: Readonly<Record<string, (event: unknown, services: Redrive) => Promise<void>>> = {
  'Batch Job State Change': (event, { observer }) => trackJob(event as JobEvent, observer),
  'Step Functions Execution Status Change': (event, { observer, preparations }) =>
    isOfPreparation((event as PreparationEvent).detail)
      ? trackPreparation(event as PreparationEvent, preparations)
      : trackExecution(event as ExecutionEvent, observer),
  [EVENTS.stageProgress.detailType]: (event, { observer }) => recordProgress(event as ProgressEvent, observer),
  'Scheduled Event': async () => {},
};

const deliver = async (body: string, services: Redrive): Promise<void> => {
  const { announcer, table } = services;
  const letter = readDeadLetter(body);
  if (letter.kind === 'changes') {
    logger.info('announced again', { ...letter.window, changes: await announceAgain(table, announcer, letter.window) });
    return;
  }
  const consumer = letter.kind === 'event' ? CONSUMERS[String(letter.event['detail-type'])] : undefined;
  if (letter.kind !== 'event' || !consumer) throw new Error('It is no event of ours.');
  await consumer(letter.event, services);
};

const redrive = async (queue: string, { MessageId, ReceiptHandle, Body = '' }: Message, services: Redrive): Promise<boolean> => {
  try {
    await deliver(Body, services);
  } catch (error) {
    // Never its body: it may carry a task token.
    logger.warn('left in its queue', { queue, messageId: MessageId, error: error as Error });
    return false;
  }
  await services.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
  return true;
};

const redriveQueue = async (queue: string, services: Redrive): Promise<Redriven> => {
  const { clock } = services.observer;
  const end = clock.now().getTime() + MOST_SECONDS * 1000;
  const redriven: Redriven = { delivered: 0, left: 0 };
  while (clock.now().getTime() < end) {
    // It waits a second for messages: without, SQS asks only some of its servers, and "none" would not mean none.
    const { Messages = [] } = await services.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue,
        MaxNumberOfMessages: AT_ONCE,
        VisibilityTimeout: UNSEEN_SECONDS,
        WaitTimeSeconds: 1,
      }),
    );
    if (Messages.length === 0) break;
    for (const message of Messages) redriven[(await redrive(queue, message, services)) ? 'delivered' : 'left']++;
  }
  return redriven;
};

/**
 * Delivers once more what lies in the dead-letter queues, each message at most once a call. What succeeds is deleted; what fails again
 * stays until the queue forgets it. Consumers take doubles and old news without harm.
 */
export const redriveEvents = async (_event: unknown, services: Redrive): Promise<Redriven> => {
  const each = await Promise.all(services.queues.map((queue) => redriveQueue(queue, services)));
  const redriven = each.reduce((sum, { delivered, left }) => ({ delivered: sum.delivered + delivered, left: sum.left + left }));
  logger.info('redriven', redriven);
  return redriven;
};

export const handler = eventHandler(
  environment,
  (env): Redrive => ({
    observer: observer(env),
    preparations: preparationServices(env),
    announcer: { eventBridge: eventBridgeClient(), bus: env.EVENT_BUS },
    table: { client: documentClient(), table: env.TABLE_NAME },
    sqs: sqsClient(),
    queues: env.DEAD_LETTER_QUEUES,
  }),
  redriveEvents,
);
