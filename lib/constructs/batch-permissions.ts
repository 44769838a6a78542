import type { Stack } from 'aws-cdk-lib';
import type { Permission } from './allow.ts';

/** Describing and listing: Batch lets none of it be narrowed to a resource. */
export const looksAtBatch = (...actions: string[]): Permission => ({
  actions,
  resources: ['*'],
  because: 'AWS defines no resource for these actions.',
});

/** Submits jobs to these queues by these definitions, follows them, and ends those that it submitted. */
export const runsJobs = (stack: Stack, queueArns: readonly string[], definitionArns: readonly string[]): Permission[] => [
  { actions: ['batch:SubmitJob'], resources: [...queueArns, ...definitionArns] },
  looksAtBatch('batch:DescribeJobs'),
  onAnyJob(stack, 'batch:TerminateJob', 'It ends those that it submitted itself.'),
];

/** Acts on single jobs of this account and region. `found`: how the right ones are known. */
export const onAnyJob = (stack: Stack, action: string, found: string): Permission => ({
  actions: [action],
  resources: [stack.formatArn({ service: 'batch', resource: 'job', resourceName: '*' })],
  because: `A job's id is made by Batch. ${found}`,
});
