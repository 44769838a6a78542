import { Aws, CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { type ReplicatedBucket, replicaName } from '../config/replicated.ts';
import { bucketGovernance } from '../constructs/bucket-governance.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';

export type ReplicationStackProps = { deployment: Deployment; replication: NonNullable<Deployment['replication']> };

/**
 * The second region: a replica of each bucket whose content cannot be made again, governed as its source is. Nobody writes here but the
 * replication of the storage stack, which is deployed after this one, because S3 replicates to nothing that is not there.
 */
export class ReplicationStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, replication }: ReplicationStackProps) {
    const { region } = replication;
    super(scope, id, { description: `Spotforge ${deployment.name}: replicas of the buckets`, env: { region } });
    const governed = bucketGovernance(deployment);
    const replica = (name: ReplicatedBucket, constructId: string): void => {
      const bucketName = replicaName(deployment, name, { account: Aws.ACCOUNT_ID, region });
      const bucket = new PrivateBucket(this, constructId, { deployment, bucketName, ...governed[name] });
      new CfnOutput(this, `${constructId}Replica`, { value: bucket.bucketName });
    };
    replica('datasets', 'Datasets');
    replica('experiments', 'Experiments');
    replica('releases', 'Releases');
  }
}
