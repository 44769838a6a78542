import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AssumeRole } from './attempts/credentials-server.ts';
import type { PutEvent } from './events/event-emitter.ts';
import type { LogsApi } from './logs/log-shipper.ts';

export interface AwsOptions {
  awsEndpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** All that the executor's own key is used for. */
export interface Aws {
  putEvent: PutEvent;
  assumeRole: AssumeRole;
  logs: LogsApi;
  close(): void;
}

export function connect({ awsEndpoint, region, accessKeyId, secretAccessKey }: AwsOptions): Aws {
  const shared = { endpoint: awsEndpoint, region, credentials: { accessKeyId, secretAccessKey } };
  // The emitter repeats by itself, in order.
  const events = new EventBridgeClient({ ...shared, maxAttempts: 1 });
  const sts = new STSClient(shared);
  const logs = new CloudWatchLogsClient(shared);
  return {
    async putEvent(entry) {
      const { FailedEntryCount, Entries } = await events.send(
        new PutEventsCommand({ Entries: [{ ...entry, Time: new Date(entry.Time) }] }),
      );
      if (FailedEntryCount) throw new Error(`${Entries?.[0]?.ErrorCode}: ${Entries?.[0]?.ErrorMessage}`);
    },
    async assumeRole(roleArn, sessionName) {
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionName }));
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
      if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) throw new Error('AssumeRole answered no credentials');
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken, expiration: Expiration };
    },
    logs: {
      async createGroup(logGroupName) {
        await logs.send(new CreateLogGroupCommand({ logGroupName }));
      },
      async createStream(logGroupName, logStreamName) {
        await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
      },
      async put(logGroupName, logStreamName, logEvents) {
        await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
      },
    },
    close() {
      for (const client of [events, sts, logs]) client.destroy();
    },
  };
}
