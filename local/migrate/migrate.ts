/** `npm run migrate -- --table NAME`: how many items have an old layout; with `--apply` they are brought to the newest. */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { isNamed } from '../../functions/shared/aws-errors.ts';
import { documentClient } from '../../functions/shared/clients.ts';
import { ItemTooNew } from '../../functions/shared/errors.ts';
import { migrateTable } from '../../functions/shared/migrations/migrate-table.ts';
import { ITEM_SCHEMA_VERSION } from '../../functions/shared/table/schema-version.ts';
import { callerAt } from '../deployment/caller.ts';
import { placeOf } from '../deployment/place.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { TierFailure } from '../tier/tier-failure.ts';

const USAGE = "npm run migrate -- --table NAME [--apply], where NAME is the output TableName of the deployment's storage stack.";

const asked = (): { table: string; apply: boolean } => {
  try {
    const { values } = parseArgs({ options: { table: { type: 'string' }, apply: { type: 'boolean', default: false } } });
    const { table, apply } = values;
    if (table !== undefined) return { table, apply };
  } catch (error) {
    throw new TierFailure(`${(error as Error).message} It is: ${USAGE}`);
  }
  throw new TierFailure(`Which table? ${USAGE}`);
};

const why = (error: unknown, table: string): unknown => {
  if (error instanceof ItemTooNew) return new TierFailure(error.message);
  if (isNamed(error, 'ResourceNotFoundException')) return new TierFailure(`There is no table ${table} here. ${USAGE}`);
  return error;
};

await runCommand(async () => {
  const { table, apply } = asked();
  await callerAt(await placeOf({}));
  const startedAt = performance.now();
  const figures = await migrateTable(
    { client: documentClient(), table },
    {
      apply,
      progressed: ({ read, migrated }) => console.log(`${read} items read, ${migrated} ${apply ? 'migrated' : 'to migrate'}`),
    },
  ).catch((error: unknown) => {
    throw why(error, table);
  });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const kept = { table, apply, toSchemaVersion: ITEM_SCHEMA_VERSION, ...figures, seconds };
  keepFigures('migrate', kept);
  const { read, current, migrated, lostRaces } = figures;
  console.log(
    apply
      ? `${migrated} of ${read} items of ${table} were brought to schemaVersion ${ITEM_SCHEMA_VERSION}, ${current} had it; ${lostRaces} lost races, ${seconds} s.`
      : `${migrated} of ${read} items of ${table} have an older layout than schemaVersion ${ITEM_SCHEMA_VERSION}. Nothing was written: --apply does it.`,
  );
});
