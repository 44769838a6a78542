import { RemovalPolicy } from 'aws-cdk-lib';
import { type IRepository, Repository, RepositoryEncryption, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import type { Deployment, ImageName } from '../config/deployment.ts';

const IMAGES_KEPT = 5;

type ImageRepositoryProps = { deployment: Deployment; image: ImageName };

/** `{name}/{image}`: the deployment's own, or the one that an earlier deployment of this name left. */
export const imageRepository = (scope: Construct, id: string, { deployment, image }: ImageRepositoryProps): IRepository =>
  deployment.existing.repositories
    ? Repository.fromRepositoryName(scope, id, repositoryName(deployment, image))
    : new ImageRepository(scope, id, { deployment, image });

const repositoryName = ({ name }: Deployment, image: ImageName): string => `${name}/${image}`;

/** A tag means one image for ever: what an experiment was pinned to is what a resume gets. */
class ImageRepository extends Repository {
  constructor(scope: Construct, id: string, { deployment, image }: ImageRepositoryProps) {
    const destroy = deployment.data === 'destroy';
    super(scope, id, {
      repositoryName: repositoryName(deployment, image),
      encryption: RepositoryEncryption.AES_256,
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      lifecycleRules: [
        { description: `Keep the ${IMAGES_KEPT} newest images`, tagStatus: TagStatus.ANY, maxImageCount: IMAGES_KEPT },
      ],
      removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      emptyOnDelete: destroy,
    });
  }
}
