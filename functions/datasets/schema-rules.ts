import type { DatasetSchema } from '../shared/contracts/dataset-schema.ts';
import type { FieldProblem } from '../shared/errors.ts';

/** A column that the task has no use for is a mistake: the rows would be read from another one than was meant. `field` is where they stand. */
export const columnProblems = (field: string, { task, columns }: Pick<DatasetSchema, 'task' | 'columns'>): FieldProblem[] => {
  const unused = task === 'image-ordinal' ? 'text' : 'image';
  return columns[unused] === undefined ? [] : [{ field: `${field}.${unused}`, expected: `no such column: the task is ${task}` }];
};

export const splitProblems = (field: string, { validation, test }: DatasetSchema['split']): FieldProblem[] =>
  validation + test < 1 ? [] : [{ field, expected: 'validation and test below 1 together, or nothing is left to train on' }];
