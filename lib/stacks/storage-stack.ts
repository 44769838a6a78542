import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { StageImage } from '../../functions/shared/contracts/names.ts';
import type { Deployment } from '../config/deployment.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { ExperimentTable } from '../constructs/experiment-table.ts';
import { imageRepository } from '../constructs/image-repository.ts';
import { OriginSecret } from '../constructs/origin-secret.ts';
import { storageBuckets } from '../constructs/storage-buckets.ts';
import type { Buckets, TableReference } from '../constructs/storage-references.ts';
import { TableBackup } from '../constructs/table-backup.ts';
import { UserDirectory } from '../constructs/user-directory.ts';

/** `inference` only where models are served. */
export type Repositories = Record<StageImage, IRepository> & { inference?: IRepository };

/** All state lives here; every other stack can be deleted and deployed again without losing anything. */
export class StorageStack extends Stack {
  readonly buckets: Buckets;
  readonly table: TableReference;
  readonly repositories: Repositories;
  /** Undefined when the deployment trusts an external issuer. */
  readonly users: UserDirectory | undefined;

  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id, { description: `Spotforge ${deployment.name}: buckets, table, users, images` });

    const key = deployment.customerKeys ? new CustomerKey(this, 'Key', { deployment }) : undefined;
    this.buckets = storageBuckets(this, { deployment, key });
    this.table = this.experimentTable(deployment, key);
    if (deployment.data === 'retain') new TableBackup(this, 'TableBackup', { deployment, table: this.table });
    this.repositories = {
      data: imageRepository(this, 'DataImages', { deployment, image: 'data' }),
      training: imageRepository(this, 'TrainingImages', { deployment, image: 'training' }),
      optimization: imageRepository(this, 'OptimizationImages', { deployment, image: 'optimization' }),
      ...(deployment.inference.enabled && {
        inference: imageRepository(this, 'InferenceImages', { deployment, image: 'inference' }),
      }),
    };
    this.users = deployment.identity.external ? undefined : new UserDirectory(this, 'Users', { deployment });
    if (deployment.edge) new OriginSecret(this, 'Origin', { deployment }); // here, because functions of two stacks and CloudFront read it

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

  private experimentTable(deployment: Deployment, key: IKey | undefined): TableReference {
    const taken = deployment.existing.table;
    if (taken === undefined) return new ExperimentTable(this, 'Table', { deployment, key });
    return Table.fromTableAttributes(this, 'Table', {
      tableName: taken.name,
      tableStreamArn: taken.streamArn,
      ...(key && { encryptionKey: key }),
    });
  }
}
