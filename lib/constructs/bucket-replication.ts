import { Aws, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { REPLICATED, REPLICATED_BUCKETS, type ReplicatedBucket, replicaName } from '../config/replicated.ts';
import { allow } from './allow.ts';
import { bucketGovernance } from './bucket-governance.ts';
import type { PrivateBucket } from './private-bucket.ts';

type Props = {
  deployment: Deployment;
  replication: NonNullable<Deployment['replication']>;
  /** Buckets of the deployment's own. */
  sources: { readonly [B in ReplicatedBucket]?: PrivateBucket };
};

const EVERY_OBJECT = 'All objects of the bucket are copied, and none of any other.';

/**
 * S3 copies each new object to the replica of its bucket, in minutes as a rule. Deletions stay at home: neither markers nor deleted versions are
 * replicated, so that what a mistake deletes here is still there. What was there before the switch is copied by S3 Batch Replication, by hand.
 */
export class BucketReplication extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { deployment, replication, sources }: Props) {
    super(scope, id);
    const { region } = replication;
    const governed = bucketGovernance(deployment);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('s3.amazonaws.com'),
      description: `${deployment.name}: copies objects to ${region}`,
    });
    for (const name of REPLICATED_BUCKETS) {
      const source = sources[name];
      if (source === undefined) continue;
      const resource = replicaName(deployment, name, { account: Aws.ACCOUNT_ID, region });
      const replicaArn = Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource });
      replicate(source, this.role, replicaArn, REPLICATED[name]);
      this.allowCopying(source, replicaArn, governed[name].locked === true);
    }
  }

  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html, less what concerns deletions. */
  private allowCopying(source: PrivateBucket, replicaArn: string, locked: boolean): void {
    allow(this.role, { actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'], resources: [source.bucketArn] });
    allow(this.role, {
      actions: [
        's3:GetObjectVersionForReplication',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
        ...(locked ? ['s3:GetObjectRetention', 's3:GetObjectLegalHold'] : []), // the copy is locked as long as its source
      ],
      resources: [source.arnForObjects('*')],
      because: EVERY_OBJECT,
    });
    allow(this.role, {
      actions: ['s3:ReplicateObject', 's3:ReplicateTags'],
      resources: [`${replicaArn}/*`],
      because: EVERY_OBJECT,
    });
  }
}

const replicate = (source: PrivateBucket, role: Role, replicaArn: string, prefixes: readonly string[]): void => {
  const { defaultChild } = source.node;
  if (!(defaultChild instanceof CfnBucket)) throw new Error(`${source.node.path} is no bucket`);
  defaultChild.replicationConfiguration = {
    role: role.roleArn,
    rules: prefixes.map((prefix, index) => ({
      id: `replicate-${prefix.replace('/', '') || 'everything'}`,
      status: 'Enabled',
      priority: index + 1,
      filter: { prefix },
      deleteMarkerReplication: { status: 'Disabled' },
      destination: { bucket: replicaArn },
    })),
  };
};
