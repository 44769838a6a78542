import * as z from 'zod';
import type { Deployment, ImageName } from '../../lib/config/deployment.ts';
import { queuesOf } from '../../lib/config/graviton.ts';
import { offersOf } from '../../lib/config/instance-catalogue.ts';
import { QUEUE_PRICING, type QueueName } from '../../lib/config/queues.ts';
import type { Resources } from '../deployment/template-resources.ts';
import { type AssemblyStack, regionsOf } from '../tier/assembly-stacks.ts';

export type QueueNeed = {
  name: QueueName;
  pricing: 'spot' | 'on-demand';
  instanceTypes: readonly string[];
  maxvCpus: number;
  /** Of the smallest instance that may be started: with less, nothing is. */
  leastvCpus: number;
};

/**
 * `own` is made by the first deploy, `kept` is there from an earlier one; `ecr` has account and region only where the configuration names a
 * repository, and is undefined for one outside of ECR.
 */
export type ImageNeed = {
  image: ImageName;
  own: boolean;
  kept: boolean;
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

const imageNeed = ({ name, gitSha, images, existing }: Deployment, image: ImageName): ImageNeed => {
  const { repository, tag = gitSha, digest } = images[image];
  const id = digest === undefined ? { imageTag: tag } : { imageDigest: digest };
  if (repository === undefined) {
    const uri = `${name}/${image}`;
    return { image, own: true, kept: existing.repositories, uri, ecr: { repository: uri }, id };
  }
  const [, account, region, path] = ECR_REPOSITORY.exec(repository) ?? [];
  return {
    image,
    own: false,
    kept: false,
    uri: repository,
    ecr: account && region && path ? { account, region, repository: path } : undefined,
    id,
  };
};

const reserved = z.object({ ReservedConcurrentExecutions: z.number().default(0) });

/** What the stacks of a cloud assembly want of `cdk bootstrap`, in the deployment's region and wherever else one of them goes. */
export const bootstrapNeed = (stacks: readonly AssemblyStack[], region: string): BootstrapNeed => ({
  version: Math.max(...stacks.map(({ bootstrap }) => bootstrap.version)),
  parameter: stacks.find(({ bootstrap }) => bootstrap.parameter)?.bootstrap.parameter ?? '',
  regions: regionsOf(stacks, region),
});

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
    images: (Object.keys(deployment.images) as ImageName[])
      .filter((image) => image !== 'inference' || deployment.inference.enabled)
      .map((image) => imageNeed(deployment, image)),
  };
};
