import { Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import type { Deployment, ImageName } from '../config/deployment.ts';

export type ImageReference = { uri: string; version: string };

/** Where an image is pulled from, and the digest or tag that the manifests of its stages name. */
export const imageReference = (deployment: Deployment, image: ImageName, own: IRepository): ImageReference => {
  const { repository, tag = deployment.gitSha, digest } = deployment.images[image];
  const separator = digest === undefined ? ':' : '@';
  const version = digest ?? tag;
  return { uri: `${repository ?? own.repositoryUri}${separator}${version}`, version };
};

const ECR_REPOSITORY = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+)$/;

/** The ECR repository that whoever runs the image must be able to pull from; undefined for another registry, which needs no permission of ours. */
export const pullableRepositoryArn = (deployment: Deployment, image: ImageName, own: IRepository): string | undefined => {
  const { repository } = deployment.images[image];
  if (repository === undefined) return own.repositoryArn;
  const [, account, region, resourceName] = ECR_REPOSITORY.exec(repository) ?? [];
  if (!account || !region || !resourceName) return undefined;
  return Stack.of(own).formatArn({ service: 'ecr', account, region, resource: 'repository', resourceName });
};
