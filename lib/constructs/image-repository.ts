import { RemovalPolicy } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import type { StageImage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';

const IMAGES_KEPT = 5;

/** `{name}/{image}`. A tag means one image for ever: what an experiment was pinned to is what a resume gets. */
export class ImageRepository extends Repository {
  constructor(scope: Construct, id: string, { deployment, image }: { deployment: Deployment; image: StageImage }) {
    const destroy = deployment.data === 'destroy';
    super(scope, id, {
      repositoryName: `${deployment.name}/${image}`,
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
