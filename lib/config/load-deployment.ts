import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { DELIVERY_STAGES } from './delivery-stages.ts';
import { type Deployment, type DeploymentInput, deploymentConfig, MAX_NAME } from './deployment.ts';
import { DeploymentError } from './deployment-error.ts';

const COMMITTED = new URL('../../config/', import.meta.url);

/**
 * The deployment that the context names: `-c stage=prod` is the committed config/prod.json, `-c config=my.json` any other file, neither the
 * defaults.
 * @throws DeploymentError naming every field that is wrong
 */
export const loadConfigured = ({ stage, config }: { stage?: string | undefined; config?: string | undefined }): Deployment => {
  if (stage === undefined) return loadDeployment(config);
  const known = DELIVERY_STAGES.join(', ');
  if (config !== undefined) {
    throw new DeploymentError([
      `-c stage=${stage} and -c config=${config} each name a whole configuration. Give one of the two.`,
    ]);
  }
  if (!DELIVERY_STAGES.some((each) => each === stage)) {
    throw new DeploymentError([
      `-c stage=${stage} is no delivery stage. Known: ${known}; -c config=<file> takes any other configuration.`,
    ]);
  }
  const deployment = loadDeployment(fileURLToPath(new URL(`${stage}.json`, COMMITTED)));
  if (deployment.deliveryStage !== stage) {
    throw new DeploymentError([
      `config/${stage}.json: deliveryStage is ${deployment.deliveryStage ?? 'absent'}, so that nothing would hold it to what ${stage} promises. Set it to ${stage}.`,
    ]);
  }
  return deployment;
};

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
  const deployment = named(parsed.data);
  if (deployment.gitSha !== 'unknown') return deployment;
  return { ...deployment, gitSha: deploymentConfig.shape.gitSha.catch('unknown').parse(commit()) };
};

/** A tenant's own deployment carries the tenant in every name, so that two of them in one account do not meet. */
const named = (deployment: Deployment): Deployment => {
  if (deployment.tenant === undefined) return deployment;
  const name = `${deployment.name}-${deployment.tenant}`;
  if (name.length <= MAX_NAME) return { ...deployment, name };
  throw new DeploymentError([
    `tenant: the deployment would be called ${name}, which has ${name.length} characters; at most ${MAX_NAME} fit. Shorten name.`,
  ]);
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
