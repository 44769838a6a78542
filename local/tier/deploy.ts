import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Assembly, CDK } from './assembly.ts';
import { ROOT } from './paths.ts';
import { TierFailure } from './tier-failure.ts';

const run = promisify(execFile);
/** Twenty seconds on idle cores; far more where neighbours take most of them. */
const DEPLOY_MS = 600_000;
/** The account that the local AWS answers for. */
const ACCOUNT = '000000000000';

type Deployment = {
  assembly: Assembly;
  env: Record<string, string>;
  region: string;
  folder: string;
  bootstrapped: boolean;
  signal: AbortSignal | undefined;
};

const cdk = async (args: string[], env: Record<string, string>, signal: AbortSignal | undefined): Promise<void> => {
  try {
    await run(CDK, [...args, '--ci', '--no-notices', '--no-version-reporting'], {
      cwd: ROOT,
      env,
      timeout: DEPLOY_MS,
      maxBuffer: 64 * 1024 ** 2,
    });
  } catch (error) {
    if (signal?.aborted) throw new TierFailure('interrupted.');
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new TierFailure(`cdk ${args[0]} failed on the local tier:\n${said}`);
  }
};

/** Bootstraps and deploys the assembly exactly as for AWS, only to another endpoint. Answers every stack's outputs by name. */
export const deploy = async ({
  assembly,
  env,
  region,
  folder,
  bootstrapped,
  signal,
}: Deployment): Promise<Record<string, string>> => {
  const app = ['--app', assembly.folder];
  if (!bootstrapped) await cdk(['bootstrap', `aws://${ACCOUNT}/${region}`, ...app], env, signal);
  const file = join(folder, `outputs-${randomUUID()}.json`);
  await cdk(
    ['deploy', '--all', '--method=direct', '--require-approval', 'never', '--concurrency', '4', '--outputs-file', file, ...app],
    env,
    signal,
  );
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  rmSync(file);
  return Object.assign({}, ...Object.values(stacks)) as Record<string, string>;
};
