/**
 * `npm run self-check`: every stage and rehearsal looks for what it needs, as a job with its own image, role and environment. On the laptop's
 * tier, without Docker; with `--account` in the AWS account of the shell, where training must find its GPU. See docs/images.md.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { clientOptions, placeOf } from '../deployment/place.ts';
import { borrowTier } from '../tier/borrow-tier.ts';
import { runCommand } from '../tier/command-line.ts';
import { DEPLOYMENT } from '../tier/deployment-name.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { ROOT, tierFolder } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { readMemory } from '../tier/tier-record.ts';
import { runSelfCheck, type SelfCheckClients, type SelfChecked } from './run-self-check.ts';
import { type SelfCheckJob, selfCheckJobs } from './self-check-jobs.ts';

const TIER = 'local';
const LOCAL_SECONDS = 300;
/** An instance comes within minutes, an image of several GB after it. */
const ACCOUNT_SECONDS = 1800;
const USAGE = 'npm run self-check -- [JOB…] [--account [--name NAME] [--region REGION] [--profile PROFILE]]';

const text = { type: 'string' } as const;
const options = { account: { type: 'boolean', default: false }, name: text, region: text, profile: text } as const;

const argumentsGiven = () => {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new TierFailure(`${(error as Error).message} It is: ${USAGE}`);
  }
};

const chosen = (jobs: SelfCheckJob[], names: string[]): SelfCheckJob[] => {
  const unknown = names.find((name) => !jobs.some((job) => job.name === name));
  if (unknown !== undefined)
    throw new TierFailure(`There is no job ${unknown}; there are ${jobs.map(({ name }) => name).join(', ')}.`);
  return names.length === 0 ? jobs : jobs.filter(({ name }) => names.includes(name));
};

const runAll = async (clients: SelfCheckClients, jobs: SelfCheckJob[], seconds: number): Promise<void> => {
  const all: SelfChecked[] = await Promise.all(
    jobs.map(async (job) => {
      const checked = await runSelfCheck(clients, job, seconds);
      console.log(`\n${checked.lines.join('\n')}`);
      return checked;
    }),
  );
  keepFigures('self-check', all);
  const failed = all.filter(({ passed }) => !passed).map(({ job }) => job);
  console.log(`\n${all.length - failed.length} of ${all.length} jobs have what they need`);
  if (failed.length > 0) throw new TierFailure(`These do not: ${failed.join(', ')}. What is missing stands above.`);
};

const onTier = async (names: string[]): Promise<void> => {
  const lock = join(ROOT, 'requirements/containers.txt');
  const jobs = chosen(selfCheckJobs({ deployment: DEPLOYMENT, lock, gpu: false }), names);
  const tier = await borrowTier({ name: TIER, says: (what) => console.error(`tier  ${what}`) });
  try {
    const memory = readMemory(tierFolder(TIER));
    if (memory === undefined) throw new TierFailure('The tier has no root key: run npm run local:reset and try again.');
    const credentials = { accessKeyId: memory.rootAccessKeyId, secretAccessKey: memory.rootSecretAccessKey };
    const at = { endpoint: tier.record.endpoint, region: tier.record.region, credentials };
    await runAll({ batch: new BatchClient(at), logs: new CloudWatchLogsClient(at) }, jobs, LOCAL_SECONDS);
  } finally {
    await tier.stop();
  }
};

await runCommand(async () => {
  const { values, positionals } = argumentsGiven();
  const { account, name, region, profile } = values;
  if (!account) {
    if (name ?? region ?? profile) throw new TierFailure(`--name, --region and --profile go with --account: ${USAGE}`);
    return onTier(positionals);
  }
  const jobs = chosen(selfCheckJobs({ deployment: name ?? DEPLOYMENT, gpu: true }), positionals);
  const at = clientOptions(await placeOf({ ...(region !== undefined && { region }), profile }));
  return runAll({ batch: new BatchClient(at), logs: new CloudWatchLogsClient(at) }, jobs, ACCOUNT_SECONDS);
});
