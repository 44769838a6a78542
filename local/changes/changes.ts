/**
 * `npm run changes [-- --config FILE | --stage STAGE] [--region REGION] [--profile PROFILE]`: what deploying a configuration would do to the stacks as
 * they are in an AWS account. Reads only. Exit code 1 when it would end jobs.
 */
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SFNClient } from '@aws-sdk/client-sfn';
import { assemblyFor } from '../deployment/assembly-for.ts';
import { callerAt } from '../deployment/caller.ts';
import { commandOptions } from '../deployment/command-options.ts';
import { configuredDeployment } from '../deployment/configured-deployment.ts';
import { clientOptions, placeOf } from '../deployment/place.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { startTicker } from '../tier/ticker.ts';
import { answered } from './answered.ts';
import { lostQueues } from './lost-queues.ts';
import { linesOf } from './report.ts';
import { changesOfAssembly } from './stack-changes.ts';

await runCommand(async () => {
  const options = commandOptions(['config', 'stage', 'region', 'profile']);
  const { file: configuration, deployment } = configuredDeployment(options);
  const place = await placeOf(options);
  const caller = await callerAt(place);
  const aws = clientOptions(place);
  const cloudFormation = new CloudFormationClient(aws);
  const cloudFormationIn = (region: string | undefined): CloudFormationClient =>
    region === undefined ? cloudFormation : new CloudFormationClient(clientOptions({ ...place, region }));
  const ticker = startTicker();
  try {
    ticker.says(`${deployment.name} in ${place.region}, account ${caller.account}`);
    ticker.doing('synthesising the stacks');
    const assembly = await assemblyFor(configuration);
    ticker.doing('comparing them with what is deployed');
    const stacks = await answered(changesOfAssembly(cloudFormationIn, assembly));
    ticker.doing('counting what needs the queues that would go');
    const clients = { cloudFormation, batch: new BatchClient(aws), stepFunctions: new SFNClient(aws) };
    const lost = await answered(lostQueues(clients, stacks));
    ticker.says(`${stacks.length} stacks compared`);
    for (const line of linesOf(stacks, lost)) console.log(line);

    const record = {
      at: new Date().toISOString(),
      deployment: deployment.name,
      configuration,
      ...place,
      account: caller.account,
      stacks: stacks.map(({ deployed, ...each }) => ({ ...each, isDeployed: deployed !== undefined })),
      lostQueues: lost,
    };
    console.log(`Written to ${keepFigures('changes', record)}.`);
    if (lost.some(({ jobs, executions }) => jobs + executions > 0)) process.exitCode = 1;
  } finally {
    ticker.stop();
  }
});
