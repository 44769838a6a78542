import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commit } from './commit.ts';
import { DOT, ROOT } from './paths.ts';

const run = promisify(execFile);
export const CDK = join(ROOT, 'node_modules/.bin/cdk');
/** Everything that the assembly is made from. */
const INPUTS = ['bin', 'lib', 'functions', 'state-machines', 'cdk.json', 'cdk.context.json', 'package-lock.json'];

export type Assembly = { folder: string; hash: string };

const filesBelow = (path: string): string[] => {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};

/** The commit is part of the assembly: functions and stages record it. */
const inputsHash = (configuration: string | undefined): string => {
  const hash = createHash('sha256').update(commit());
  if (configuration !== undefined) hash.update(configuration).update('\0').update(readFileSync(configuration));
  for (const input of INPUTS) {
    const files = input.includes('.') ? [join(ROOT, input)].filter(existsSync) : filesBelow(input);
    for (const file of files) hash.update(file.slice(ROOT.length)).update('\0').update(readFileSync(file));
  }
  return hash.digest('hex');
};

/**
 * The cloud assembly that `cdk deploy` would send to AWS; synthesised only when something that it is made from has changed. A deployment
 * configuration of its own (see lib/config/load-deployment.ts) has an assembly of its own, kept below `home`.
 */
export const synthesise = async ({
  home = DOT,
  configuration,
}: {
  home?: string;
  configuration?: string | undefined;
} = {}): Promise<Assembly> => {
  const folder = join(home, 'assembly');
  const stamp = join(home, 'assembly.sha256');
  const hash = inputsHash(configuration);
  if (!(existsSync(join(folder, 'manifest.json')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash)) {
    mkdirSync(home, { recursive: true });
    // The CDK's own template validator takes a third of a synth and changes nothing in it; the gate runs it, and cfn-lint.
    const env = { ...process.env, CDK_VALIDATION: 'false' };
    const context = configuration === undefined ? [] : ['--context', `config=${configuration}`];
    await run(CDK, ['synth', '--quiet', '--output', folder, ...context], { cwd: ROOT, env, maxBuffer: 64 * 1024 ** 2 });
    writeFileSync(stamp, hash);
  }
  return { folder, hash };
};
