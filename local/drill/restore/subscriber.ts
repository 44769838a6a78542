import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { EVENTS } from '../../../functions/shared/contracts/names.ts';
import { DEPLOYMENT } from '../../tier/deployment-name.ts';
import type { Account } from '../../tier/unfinished.ts';

const NAME = 'restore-drill';
const WITHIN_MS = 30_000;

/** Whether *Experiment Status Changed* of this experiment came, now or within half a minute. */
export type Subscriber = (experimentId: string) => Promise<boolean>;

/** Somebody who wants to hear of changes: what comes to them has gone through table, stream, outbox and bus. */
export const subscribe = async (reach: Account): Promise<Subscriber> => {
  const sqs = new SQSClient({ ...reach, useQueueUrlAsEndpoint: false });
  const events = new EventBridgeClient(reach);
  const { RuleArn = '' } = await events.send(
    new PutRuleCommand({
      Name: NAME,
      EventBusName: DEPLOYMENT,
      EventPattern: JSON.stringify({ 'detail-type': [EVENTS.experimentStatusChanged.detailType] }),
    }),
  );
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: '*',
      Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
    },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: NAME, Attributes: { Policy } }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  await events.send(
    new PutTargetsCommand({ Rule: NAME, EventBusName: DEPLOYMENT, Targets: [{ Id: NAME, Arn: Attributes?.QueueArn ?? '' }] }),
  );
  return async (experimentId) => {
    for (const until = Date.now() + WITHIN_MS; Date.now() < until; await sleep(500)) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.some(({ Body }) => Body?.includes(experimentId))) return true;
    }
    return false;
  };
};
