import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { STAGE_IMAGES, type StageImage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../../lib/config/deployment.ts';
import { queuesOf } from '../../lib/config/graviton.ts';
import { offersOf } from '../../lib/config/instance-catalogue.ts';
import { QUEUE_PRICING, type QueueName } from '../../lib/config/queues.ts';
import type { Resources } from '../deployment/template-resources.ts';

export type QueueNeed = {
  name: QueueName;
  pricing: 'spot' | 'on-demand';
  instanceTypes: readonly string[];
  maxvCpus: number;
  /** Of the smallest instance that may be started: with less, nothing is. */
  leastvCpus: number;
};

/** `account` and `region` only where the configuration names a registry; `own` is made by the first deploy. */
export type ImageNeed = {
  image: StageImage;
  own: boolean;
  uri: string;
  ecr: { account?: string; region?: string; repository: string } | undefined;
  id: { imageTag: string } | { imageDigest: string };
};

export type BootstrapNeed = { version: number; parameter: string; regions: readonly string[] };

/** What a deployment wants of an account. */
export type Needs = {
  queues: readonly QueueNeed[];
  /** Stage → queues of the default profile. */
  ladders: Readonly<Record<string, readonly QueueName[]>>;
  zones: number;
  lambda: { functions: number; reserved: number };
  bootstrap: BootstrapNeed;
  images: readonly ImageNeed[];
};

const ECR_REPOSITORY = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+)$/;

const queueNeed = ({ queues }: Deployment, name: QueueName): QueueNeed => ({
  name,
  pricing: QUEUE_PRICING[name],
  ...queues[name],
  leastvCpus: Math.min(...queues[name].instanceTypes.flatMap(offersOf).map(({ vcpus }) => vcpus)),
});

const imageNeed = ({ name, gitSha, images }: Deployment, image: StageImage): ImageNeed => {
  const { repository, tag = gitSha, digest } = images[image];
  const id = digest === undefined ? { imageTag: tag } : { imageDigest: digest };
  if (repository === undefined) return { image, own: true, uri: `${name}/${image}`, ecr: { repository: `${name}/${image}` }, id };
  const [, account, region, path] = ECR_REPOSITORY.exec(repository) ?? [];
  return { image, own: false, uri: repository, ecr: account && region && path ? { account, region, repository: path } : undefined, id };
};

const reserved = z.looseObject({ ReservedConcurrentExecutions: z.number().default(0) });

const manifest = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: z.string(),
      environment: z.string().optional(),
      properties: z
        .looseObject({ requiresBootstrapStackVersion: z.number().optional(), bootstrapStackVersionSsmParameter: z.string().optional() })
        .optional(),
    }),
  ),
});

/** What the stacks of a cloud assembly want of `cdk bootstrap`, in the deployment's region and wherever else one of them goes. */
export const bootstrapNeed = (assemblyManifest: unknown, region: string): BootstrapNeed => {
  const stacks = Object.values(manifest.parse(assemblyManifest).artifacts).filter(({ type }) => type === 'aws:cloudformation:stack');
  const properties = stacks.flatMap(({ properties }) => properties ?? []);
  const named = stacks.flatMap(({ environment = '' }) => environment.split('/').at(-1) ?? []).filter((name) => name !== 'unknown-region');
  return {
    version: Math.max(...properties.map(({ requiresBootstrapStackVersion = 0 }) => requiresBootstrapStackVersion)),
    parameter: properties.find((each) => each.bootstrapStackVersionSsmParameter)?.bootstrapStackVersionSsmParameter ?? '',
    regions: [...new Set([region, ...named])],
  };
};

export const readManifest = (assembly: string): unknown => JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8'));

export const needsOf = (deployment: Deployment, resources: Resources, bootstrap: BootstrapNeed): Needs => {
  const functions = resources.ofType('AWS::Lambda::Function');
  return {
    queues: queuesOf(deployment).map((name) => queueNeed(deployment, name)),
    ladders: deployment.profiles.default,
    zones: deployment.availabilityZones,
    lambda: {
      functions: functions.length,
      reserved: functions.reduce((sum, { properties }) => sum + reserved.parse(properties).ReservedConcurrentExecutions, 0),
    },
    bootstrap,
    images: STAGE_IMAGES.map((image) => imageNeed(deployment, image)),
  };
};
