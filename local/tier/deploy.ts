import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Assembly, CDK } from './assembly.ts';
import { assemblyStacks, regionsOf } from './assembly-stacks.ts';
import { ROOT } from './paths.ts';
import { TierFailure } from './tier-failure.ts';
import { type Account, unfinished } from './unfinished.ts';

const run = promisify(execFile);
/** Twenty seconds on idle cores; far more where neighbours take most of them. */
const LIMIT_MS = 600_000;
/** The account that the local AWS answers for. */
const ACCOUNT = '000000000000';

/** The account, and the environment in which the AWS CDK reaches it. */
export type Target = { account: Account; env: Record<string, string>; signal?: AbortSignal | undefined; limitMs?: number };
type Deployment = Target & { assembly: Assembly; folder: string; bootstrapped: boolean };

const cdk = async (args: string[], { account, env, signal, limitMs = LIMIT_MS }: Target): Promise<void> => {
  try {
    await run(CDK, [...args, '--ci', '--no-notices', '--no-version-reporting'], {
      cwd: ROOT,
      env,
      timeout: limitMs,
      maxBuffer: 64 * 1024 ** 2,
    });
  } catch (error) {
    if (signal?.aborted) throw new TierFailure('interrupted.');
    const { stdout = '', stderr = '', killed } = error as { stdout?: string; stderr?: string; killed?: boolean };
    if (killed) {
      const left = await unfinished(account);
      throw new TierFailure(
        `cdk ${args[0]} did not end within ${limitMs / 1000} s on the local tier. Still under way: ${left.join('; ') || 'no stack'}.`,
      );
    }
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new TierFailure(`cdk ${args[0]} failed on the local tier:\n${said}`);
  }
};

/** Bootstraps and deploys the assembly exactly as for AWS, only to another endpoint. Answers every stack's outputs by name. */
export const deploy = async ({ assembly, folder, bootstrapped, ...target }: Deployment): Promise<Record<string, string>> => {
  const app = ['--app', assembly.folder];
  if (!bootstrapped) {
    const environments = regionsOf(assemblyStacks(assembly.folder), target.account.region).map(
      (region) => `aws://${ACCOUNT}/${region}`,
    );
    await cdk(['bootstrap', ...environments, ...app], target);
  }
  const file = join(folder, `outputs-${randomUUID()}.json`);
  await cdk(
    ['deploy', '--all', '--method=direct', '--require-approval', 'never', '--concurrency', '4', '--outputs-file', file, ...app],
    target,
  );
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  rmSync(file);
  return Object.assign({}, ...Object.values(stacks)) as Record<string, string>;
};

/** Deploys these stacks of the assembly, and none of those that they build on. */
export const deployExclusively = (
  stacks: readonly string[],
  { assembly, ...target }: Target & { assembly: Assembly },
): Promise<void> =>
  cdk(['deploy', '--exclusively', ...stacks, '--method=direct', '--require-approval', 'never', '--app', assembly.folder], target);

/** Deletes one stack of the assembly and those that are built on it, or `--all`. The bootstrap stays: other apps may use it. */
export const destroy = (which: string, { assembly, ...target }: Target & { assembly: Assembly }): Promise<void> =>
  cdk(['destroy', which, '--force', '--concurrency', '4', '--app', assembly.folder], target);
