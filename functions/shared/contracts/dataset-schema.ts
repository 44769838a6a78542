import * as z from 'zod';

// What a dataset is said to be: by an experiment that brings its own source, and by a dataset that is stored.

export const TASKS = ['text-ordinal', 'image-ordinal'] as const;
export type Task = (typeof TASKS)[number];

const column = z.string().min(1).max(64);
const finite = z.number().refine(Number.isFinite, 'expected a finite number');
const labelValues = z
  .array(finite)
  .min(2)
  .max(64)
  .refine(
    (values) => values.every((value, i) => i === 0 || value > Number(values[i - 1])),
    'expected the values in ascending order, none twice',
  );
const fraction = z.number().min(0.01).max(0.6);

export const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

export const calibrationRows = z.int().min(100).max(500);

const columns = {
  text: column.optional().describe('of text-ordinal, where it is `text` unless named'),
  image: column
    .optional()
    .describe('of image-ordinal, where it is `image` unless named: the path of a picture beside the data file'),
  label: column,
  group: column,
};
const split = { validation: fraction, test: fraction, seed };

/** Defaults, as an experiment and a dataset share them. */
export const SCHEMA_DEFAULTS = {
  task: 'text-ordinal',
  split: { validation: 0.1, test: 0.1, seed: 13 },
  calibrationRows: 200,
} as const;

export const columnsSpec = z.strictObject(columns).meta({ id: 'ColumnsSpec' });
export const labelsSpec = z
  .strictObject({ values: labelValues.describe('the K ordered label values, lowest first') })
  .meta({ id: 'LabelsSpec' });
export const splitSpec = z.strictObject(split).meta({ id: 'SplitSpec' });

/** As a request says them: with the defaults that apply to what it leaves out. */
export const requestedColumns = z.strictObject({
  text: columns.text,
  image: columns.image,
  label: columns.label.default('label'),
  group: columns.group.default('group').describe('rows of one group never straddle the split'),
});
export const requestedSplit = z.strictObject({
  validation: split.validation.default(SCHEMA_DEFAULTS.split.validation),
  test: split.test.default(SCHEMA_DEFAULTS.split.test),
  seed: split.seed.default(SCHEMA_DEFAULTS.split.seed),
});

/** A stored dataset's schema: what every version of it is read, checked and split by. */
export const datasetSchema = z
  .strictObject({
    task: z.enum(TASKS),
    columns: columnsSpec,
    labels: labelsSpec,
    split: splitSpec,
    calibrationRows: calibrationRows.describe('rows that the calibration set takes from train'),
  })
  .meta({ id: 'DatasetSchema' });
export type DatasetSchema = z.infer<typeof datasetSchema>;
