import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tier/paths.ts';

/** What an experiment starts from: a file of rows, a base model, and the parts of the spec that describe the rows. */
export type Start = { file: string; baseModel: string; values: number[]; group: string };

/** The unit tests' two-layer BERT of 23,108 parameters with 2,000 made-up rows: all of the pipeline in seconds, and its gates pass. */
export const writeDebugModel = (folder: string): Start => {
  rmSync(folder, { recursive: true, force: true });
  execFileSync(join(ROOT, '.venv/bin/python'), [join(ROOT, 'test/containers/tiny_data.py'), folder]);
  return { file: join(folder, 'data.csv'), baseModel: join(folder, 'base-model'), values: [-2, -1, 0, 1, 2], group: 'group' };
};
