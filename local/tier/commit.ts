import { execFileSync } from 'node:child_process';
import { ROOT } from './paths.ts';

/** The commit that is checked out; `unknown` outside of a repository. */
export const commit = (): string => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
};
