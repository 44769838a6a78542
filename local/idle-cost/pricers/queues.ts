import * as z from 'zod';
import type { Resource, Resources } from '../../deployment/template-resources.ts';
import { TierFailure } from '../../tier/tier-failure.ts';
import type { BillItem, Charge, Pricing } from '../bill-item.ts';
import { HOURS } from '../prices.ts';
import { LONG_POLL_SECONDS, QUEUE_POLLERS } from '../reference-usage.ts';

const mapping = z.looseObject({
  EventSourceArn: z.unknown(),
  ProvisionedPollerConfig: z
    .undefined({ error: 'provisioned pollers are billed by the hour and not in the price table' })
    .optional(),
});
const POLLS = (QUEUE_POLLERS * HOURS * 3600) / LONG_POLL_SECONDS;

/** A mapping polls all the time: a queue costs requests while it is empty, a DynamoDB stream is read free of charge by Lambda. */
const mappingItems = ({ stack, id, properties }: Resource, resources: Resources, charge: Charge): BillItem[] => {
  const { EventSourceArn } = mapping.parse(properties);
  const source = resources.target(stack, EventSourceArn);
  const text = JSON.stringify(EventSourceArn);
  if (source?.type === 'AWS::SQS::Queue' || text.includes(':sqs:')) {
    return [charge(`${source?.id ?? id}: long polls by Lambda`, 'sqs.request', POLLS)];
  }
  if (source?.type === 'AWS::DynamoDB::Table' || text.includes(':dynamodb:')) return [];
  throw new TierFailure(`The event source ${id} of ${stack} reads ${source?.type ?? text}, which the idle bill cannot price.`);
};

export const QUEUES: Pricing = {
  types: ['AWS::Lambda::EventSourceMapping'],
  items: (resources, charge) =>
    resources.ofType('AWS::Lambda::EventSourceMapping').flatMap((each) => mappingItems(each, resources, charge)),
};
