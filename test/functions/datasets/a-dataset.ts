import { randomBytes } from 'node:crypto';
import { TypeID } from 'typeid-js';
import type { DatasetReport } from '../../../functions/shared/contracts/dataset-preparation.ts';
import type { DatasetSchema } from '../../../functions/shared/contracts/dataset-schema.ts';

export const aPreparationId = (): string => TypeID.fromUUIDBytes('dsv', randomBytes(16)).toString();

export const SCHEMA: DatasetSchema = {
  task: 'text-ordinal',
  columns: { label: 'label', group: 'group' },
  labels: { values: [-1, 0, 1] },
  split: { validation: 0.1, test: 0.1, seed: 13 },
  calibrationRows: 200,
};

const RAW = 'a'.repeat(64);

/** What the job leaves of a dataset that is ready. */
export const aReport = (changes: Partial<DatasetReport> & { preparationId: string }): DatasetReport => ({
  schemaVersion: 1,
  tenant: 'acme',
  dataset: 'ratings',
  endedAt: '2026-11-22T07:05:00.000Z',
  gitSha: 'unknown',
  imageDigest: 'sha256:1',
  status: 'ready',
  refusal: null,
  version: RAW.slice(0, 16),
  rawUri: `s3://datasets-bucket/raw/acme/ratings/${RAW.slice(0, 16)}/`,
  rawSha256: RAW,
  processedUri: `s3://datasets-bucket/processed/acme/ratings/${'b'.repeat(16)}/`,
  processedSha256: 'b'.repeat(64),
  bytes: 1000,
  rowsRead: 1002,
  rowsKept: 1000,
  groups: 100,
  rejected: [{ reason: 'text-empty', count: 2, examples: [{ row: 3, detail: 'the text is empty' }] }],
  rejectedRowsUri: `s3://datasets-bucket/dataset-preparations/acme/${changes.preparationId}/rejected-rows.csv`,
  labels: [-1, 0, 1].map((value) => ({ value, rows: 333 })),
  splits: [{ split: 'train', rows: 800, classCounts: [266, 267, 267] }],
  nearDuplicates: { pairs: 0, leaks: 0, rowsLeftOut: 0, examples: [] },
  unlistedFiles: { count: 0, examples: [] },
  ...changes,
});

/** The same of one that is refused. */
export const aRefusal = (preparationId: string): DatasetReport =>
  aReport({
    preparationId,
    status: 'refused',
    refusal: { message: '70 of 1000 rows (7.0%) cannot be used.', where: 'dataset, row 3', remedy: 'Correct these rows.' },
    version: null,
    rawUri: null,
    rawSha256: null,
    processedUri: null,
    processedSha256: null,
  });
