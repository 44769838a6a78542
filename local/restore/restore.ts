/**
 * `npm run restore -- table --name NAME`: gives a restored table what the stacks need of it.
 * `npm run restore -- bucket --as releases --from COPY --to NEW`: makes a bucket from the copy of a lost one.
 * Both print what to put into the deployment's configuration; docs/runbook.md has the whole way.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { REPLICATED_BUCKETS } from '../../lib/config/replicated.ts';
import { callerAt } from '../deployment/caller.ts';
import { placeOf } from '../deployment/place.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { startTicker, type Ticker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { attachTable } from './attach-table.ts';
import { copyBucket } from './copy-bucket.ts';

const USAGE = [
  'npm run restore -- table --name NAME [--unprotected]',
  `npm run restore -- bucket --as ${REPLICATED_BUCKETS.join('|')} --from COPY --to NEW`,
].join('\n  ');

const text = { type: 'string' } as const;
const options = { name: text, as: text, from: text, to: text, unprotected: { type: 'boolean', default: false } } as const;

const argumentsGiven = () => {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new TierFailure(`${(error as Error).message} It is one of:\n  ${USAGE}`);
  }
};

const asked = () => {
  const { values, positionals } = argumentsGiven();
  const { name, as, from, to, unprotected } = values;
  if (positionals.length === 1 && positionals[0] === 'table' && name !== undefined)
    return { what: 'table', name, protect: !unprotected } as const;
  const bucket = REPLICATED_BUCKETS.find((each) => each === as);
  if (positionals.length === 1 && positionals[0] === 'bucket' && bucket && from !== undefined && to !== undefined)
    return { what: 'bucket', as: bucket, from, to } as const;
  throw new TierFailure(`What is to be restored? It is one of:\n  ${USAGE}`);
};

const restore = async (wish: ReturnType<typeof asked>, { says, doing }: Ticker): Promise<object> => {
  if (wish.what === 'table') {
    doing(`waiting until ${wish.name} is active`);
    const table = await attachTable(new DynamoDBClient(), wish.name, { protect: wish.protect });
    says(`${wish.name} has stream, time to live and point-in-time recovery${wish.protect ? ', and is protected' : ''}.`);
    return { existing: { table } };
  }
  const { as, from, to } = wish;
  const s3 = new S3Client({ followRegionRedirects: true }); // the copy is in another region as a rule
  doing(`looking what ${from} holds`);
  const progressed = (done: number, of: number): void => doing(`${done} of ${of} objects copied to ${to}`);
  const { objects, bytes } = await copyBucket(s3, { from, to, region: await s3.config.region(), progressed });
  says(`${to} holds the ${objects} objects of ${from}, ${bytes} bytes, with their retention, its lifecycle and its policy.`);
  return { existing: { buckets: { [as]: to } } };
};

await runCommand(async () => {
  const wish = asked();
  await callerAt(await placeOf({}));
  const ticker = startTicker();
  try {
    const configuration = await restore(wish, ticker);
    ticker.stop();
    const kept = { ...wish, ...configuration, seconds: Math.round(performance.now() / 100) / 10 };
    keepFigures('restore', kept);
    console.log(
      `Put this into the deployment's configuration, and deploy as docs/runbook.md says:\n${JSON.stringify(configuration, null, 2)}`,
    );
  } finally {
    ticker.stop();
  }
});
