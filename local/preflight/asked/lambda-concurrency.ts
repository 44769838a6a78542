import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Concurrency } from '../checks/lambda-concurrency.ts';

export const askConcurrency = async (client: LambdaClient): Promise<Concurrency> => {
  const { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved } =
    (await client.send(new GetAccountSettingsCommand({}))).AccountLimit ?? {};
  if (limit === undefined || unreserved === undefined) throw new Error('Lambda answers without the limits of the account');
  return { limit, unreserved };
};
