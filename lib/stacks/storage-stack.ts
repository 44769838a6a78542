import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { StageImage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { ExperimentTable } from '../constructs/experiment-table.ts';
import { ImageRepository } from '../constructs/image-repository.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { UserDirectory } from '../constructs/user-directory.ts';

export type Buckets = {
  datasets: PrivateBucket;
  experiments: PrivateBucket;
  checkpoints: PrivateBucket;
  releases: PrivateBucket;
};
export type Repositories = Record<StageImage, ImageRepository>;

/** All state lives here; every other stack can be deleted and deployed again without losing anything. */
export class StorageStack extends Stack {
  readonly buckets: Buckets;
  readonly table: ExperimentTable;
  readonly repositories: Repositories;
  /** Undefined when the deployment trusts an external issuer. */
  readonly users: UserDirectory | undefined;

  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id, { description: `Spotforge ${deployment.name}: buckets, table, users, images` });

    this.buckets = {
      datasets: new PrivateBucket(this, 'Datasets', {
        deployment,
        versioned: true,
        lifecycleRules: [{ id: 'expire-uploads', prefix: 'uploads/', expiration: Duration.days(deployment.expiry.uploadDays) }],
      }),
      experiments: new PrivateBucket(this, 'Experiments', { deployment, versioned: true }),
      checkpoints: new PrivateBucket(this, 'Checkpoints', {
        deployment,
        versioned: false, // large, written once, and worthless when newer ones exist
        lifecycleRules: [{ id: 'expire-checkpoints', expiration: Duration.days(deployment.expiry.checkpointDays) }],
      }),
      releases: new PrivateBucket(this, 'Releases', { deployment, versioned: true }),
    };
    this.table = new ExperimentTable(this, 'Table', { deployment });
    this.repositories = {
      data: new ImageRepository(this, 'DataImages', { deployment, image: 'data' }),
      training: new ImageRepository(this, 'TrainingImages', { deployment, image: 'training' }),
      optimization: new ImageRepository(this, 'OptimizationImages', { deployment, image: 'optimization' }),
    };
    this.users = deployment.identity.external ? undefined : new UserDirectory(this, 'Users', { deployment });

    new CfnOutput(this, 'DatasetsBucket', { value: this.buckets.datasets.bucketName });
    new CfnOutput(this, 'ExperimentsBucket', { value: this.buckets.experiments.bucketName });
    new CfnOutput(this, 'CheckpointsBucket', { value: this.buckets.checkpoints.bucketName });
    new CfnOutput(this, 'ReleasesBucket', { value: this.buckets.releases.bucketName });
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    if (this.users) {
      new CfnOutput(this, 'UserPoolId', { value: this.users.pool.userPoolId });
      new CfnOutput(this, 'UserPoolClientId', { value: this.users.client.userPoolClientId });
    }
  }
}
