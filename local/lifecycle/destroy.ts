/**
 * `npm run destroy -- --stage dev --confirm spotforge-dev`: takes a deployment away with all that it does not retain, in the account that the AWS
 * credentials of the shell are for. Where `data` is destroy, that is everything that was ever stored.
 */
import { spawnSync } from 'node:child_process';
import { assemblyFor } from '../deployment/assembly-for.ts';
import { callerAt } from '../deployment/caller.ts';
import { commandOptions } from '../deployment/command-options.ts';
import { configuredDeployment } from '../deployment/configured-deployment.ts';
import { clientOptions, placeOf } from '../deployment/place.ts';
import { CDK } from '../tier/assembly.ts';
import { runCommand } from '../tier/command-line.ts';
import { ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { takeDown } from './take-down.ts';

await runCommand(async () => {
  const options = commandOptions(['stage', 'config', 'confirm', 'region', 'profile']);
  const { confirm, profile } = options;
  const { file, deployment } = configuredDeployment(options);
  const { name, data, replication, terminationProtection } = deployment;
  const what = data === 'destroy' ? 'with its datasets, experiments, releases and users' : 'but for what it retains';
  if (confirm !== name)
    throw new TierFailure(`This takes ${name} away, ${what}. Say that you mean it: --confirm ${name}. Nothing was done.`);
  if (terminationProtection)
    throw new TierFailure(
      `${name} is protected (terminationProtection): set it to false, deploy that, and call again. Nothing was done.`,
    );
  const place = await placeOf(options);
  const { account } = await callerAt(place);
  console.log(`Taking ${name} away from account ${account}, ${place.region}, ${what}.`);
  const assembly = await assemblyFor(file);
  const destroyStacks = async (which: string): Promise<void> => {
    const credentials = profile === undefined ? [] : ['--profile', profile];
    const env = { ...process.env, AWS_REGION: place.region, AWS_DEFAULT_REGION: place.region };
    const { status } = spawnSync(CDK, ['destroy', which, '--force', '--app', assembly, ...credentials], {
      cwd: ROOT,
      env,
      stdio: 'inherit',
    });
    if (status !== 0) throw new TierFailure(`cdk destroy ${which} failed, for the reason above: mend it and call again.`);
  };
  const stores = [
    { stack: `${name}-storage`, reach: clientOptions(place) },
    ...(replication ? [{ stack: `${name}-replication`, reach: clientOptions({ ...place, region: replication.region }) }] : []),
  ];
  const { emptied, deregistered } = await takeDown({ name, stores, reach: clientOptions(place) }, destroyStacks);
  for (const { bucket, objects } of emptied) console.log(`${bucket}: ${objects} versions of objects deleted`);
  console.log(`${deregistered.length} superseded revisions of job definitions deregistered`);
  console.log(`${name} is gone. The CDK's own bootstrap stack (CDKToolkit) stays: other apps may use it.`);
});
