import { UnexpectedAnswer } from '../errors.ts';

type Place = { rejected: boolean; code: string; message?: string | undefined };

/** Why DynamoDB may cancel a transaction without anything being wrong: somebody else was faster, or it is busy. */
const RACES = new Set([
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

/**
 * Whether a write transaction was cancelled because a race was lost.
 * @throws UnexpectedAnswer when it was cancelled for any other reason, such as an item that is too large
 */
export const lostRace = ({ canceled, data }: { canceled: boolean; data: readonly Place[] }): boolean => {
  const wrong = canceled ? data.filter(({ code }) => !RACES.has(code)) : [];
  if (wrong.length > 0) {
    throw new UnexpectedAnswer(
      `DynamoDB cancelled the transaction: ${wrong.map(({ code, message }) => `${code} ${message}`).join('; ')}`,
    );
  }
  return canceled;
};
