/**
 * `npm run restore -- table --name NAME`: gives a restored table what the stacks need of it.
 * `npm run restore -- bucket --as releases --from COPY --to NEW`: makes a bucket from the copy of a lost one.
 * Both print what to put into the deployment's configuration; docs/runbook.md has the whole way.
 */
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { runCommand } from '../tier/command-line.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { attachTable } from './attach-table.ts';
import { copyBucket } from './copy-bucket.ts';

const USAGE =
  'npm run restore -- table --name NAME [--unprotected] · npm run restore -- bucket --as datasets|experiments|releases --from COPY --to NEW';
const BUCKETS = ['datasets', 'experiments', 'releases'];

const say = (existing: object): void =>
  console.log(`Put this into the deployment's configuration, and deploy:\n${JSON.stringify({ existing }, null, 2)}`);

await runCommand(async () => {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { name: text, as: text, from: text, to: text, unprotected: { type: 'boolean', default: false } },
  });
  const { name, as, from, to, unprotected } = values;
  if (positionals[0] === 'table' && name !== undefined) {
    return say({ table: await attachTable(new DynamoDBClient(), name, { protect: !unprotected }) });
  }
  if (positionals[0] === 'bucket' && as !== undefined && BUCKETS.includes(as) && from !== undefined && to !== undefined) {
    const s3 = new S3Client();
    const { objects, bytes } = await copyBucket(s3, { from, to, region: await s3.config.region() });
    console.log(`${objects} objects, ${bytes} bytes.`);
    return say({ buckets: { [as]: to } });
  }
  throw new TierFailure(USAGE);
});
