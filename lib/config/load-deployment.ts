import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type Deployment, type DeploymentInput, deploymentConfig } from './deployment.ts';
import { DeploymentError } from './deployment-error.ts';

/**
 * The deployment as configured: the defaults, overridden by the JSON file at `path` (context key `config`).
 * @throws DeploymentError naming every field that is wrong
 */
export const loadDeployment = (path: string | undefined, commit: () => string | undefined = currentCommit): Deployment =>
  parseDeployment(path === undefined ? {} : readOverrides(path), commit);

export const parseDeployment = (
  overrides: DeploymentInput | unknown,
  commit: () => string | undefined = () => undefined,
): Deployment => {
  const parsed = deploymentConfig.safeParse(overrides);
  if (!parsed.success) {
    throw new DeploymentError(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`));
  }
  if (parsed.data.gitSha !== 'unknown') return parsed.data;
  return { ...parsed.data, gitSha: deploymentConfig.shape.gitSha.catch('unknown').parse(commit()) };
};

const readOverrides = (path: string): unknown => {
  try {
    return z.json().parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new DeploymentError([
      `${path}: ${error instanceof Error ? error.message : String(error)}. Context key config names a JSON file.`,
    ]);
  }
};

/** Undefined outside a git work tree, as in a source archive. */
export const currentCommit = (): string | undefined => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
};
