import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** gsi1: a tenant's experiments, newest first. gsi2: the same by status. gsi3: the active ones, sparse. */
export const TABLE_INDEXES = ['gsi1', 'gsi2', 'gsi3'] as const;

/** The single table: experiments with their attempts, progress and events, uploads, idempotency keys, model versions. Its stream is the outbox. */
export class ExperimentTable extends Table {
  constructor(scope: Construct, id: string, { deployment, key }: { deployment: Deployment; key?: IKey | undefined }) {
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(key === undefined
        ? { encryption: TableEncryption.DEFAULT } // AWS-owned key: free
        : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: 'expiresAt',
      deletionProtection: deployment.data === 'retain',
      removalPolicy: deployment.data === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const indexName of TABLE_INDEXES) {
      this.addGlobalSecondaryIndex({
        indexName,
        partitionKey: { name: `${indexName}pk`, type: AttributeType.STRING },
        sortKey: { name: `${indexName}sk`, type: AttributeType.STRING },
      });
    }
  }
}
