import type { DynamoDBRecord } from 'aws-lambda';
import { type ExperimentStatusChanged, experimentStatusChanged } from '../shared/contracts/experiment-view.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import { assertReadable } from '../shared/table/schema-version.ts';

const EXPERIMENT_SORT_KEY = 'experiment';

/**
 * The event that a record of the table's stream stands for; undefined when it is not an experiment's or its status stayed the same.
 * Values are read as DynamoDB writes them, so that this function needs no SDK.
 * @throws ItemTooNew, ItemTooOld for an experiment whose layout this code does not know
 */
export const statusChange = ({ dynamodb }: DynamoDBRecord): ExperimentStatusChanged | undefined => {
  const { NewImage: now, OldImage: before } = dynamodb ?? {};
  if (now?.sk?.S !== EXPERIMENT_SORT_KEY || now.status?.S === before?.status?.S) return undefined;
  assertReadable(now.schemaVersion?.N === undefined ? undefined : Number(now.schemaVersion.N));
  const experimentId = now.id?.S;
  const revision = Number(now.revision?.N);
  return experimentStatusChanged.parse({
    schemaVersion: SCHEMA_VERSION,
    eventId: `${experimentId}-${revision}`,
    experimentId,
    tenant: now.tenant?.S,
    revision,
    status: now.status?.S,
    previousStatus: before?.status?.S ?? null,
    run: Number(now.run?.N),
    stage: now.stage?.S ?? null,
    at: now.updatedAt?.S,
  });
};
