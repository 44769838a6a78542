import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeploymentInput } from '../../lib/config/deployment.ts';
import type { Reach } from './take-down.ts';

/** The configuration `existing` of a deployment that goes on with what one before it left, by the outputs of that one's storage stack. */
export const existingStorage = async (reach: Reach, outputs: Record<string, string>): Promise<DeploymentInput['existing']> => {
  const { TableName = '', DatasetsBucket, ExperimentsBucket, CheckpointsBucket, ReleasesBucket, UserPoolId } = outputs;
  const { Table } = await new DynamoDBClient(reach).send(new DescribeTableCommand({ TableName }));
  return {
    table: { name: TableName, streamArn: Table?.LatestStreamArn ?? '' },
    buckets: {
      datasets: DatasetsBucket,
      experiments: ExperimentsBucket,
      checkpoints: CheckpointsBucket,
      releases: ReleasesBucket,
    },
    userPoolId: UserPoolId,
    repositories: true,
  };
};
