/**
 * `npm run changes`: what `cdk deploy` of `cdk.out` would do to the stacks as they are deployed in the account that the AWS credentials of the
 * shell are for. Exit code 1 when it would end jobs. Reads only.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SFNClient } from '@aws-sdk/client-sfn';
import { runCommand } from '../tier/command-line.ts';
import { ROOT } from '../tier/paths.ts';
import { lostQueues } from './lost-queues.ts';
import { linesOf } from './report.ts';
import { changesOfAssembly } from './stack-changes.ts';

await runCommand(async () => {
  const { values } = parseArgs({ options: { assembly: { type: 'string', default: join(ROOT, 'cdk.out') } } });
  const clients = { cloudFormation: new CloudFormationClient(), batch: new BatchClient(), stepFunctions: new SFNClient() };
  const stacks = await changesOfAssembly(clients.cloudFormation, values.assembly);
  const lost = await lostQueues(clients, stacks);
  for (const line of linesOf(stacks, lost)) console.log(line);
  if (lost.some(({ jobs, executions }) => jobs + executions > 0)) process.exitCode = 1;
});
