import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA } from '../../local/demo/recipe.ts';
import { type Start, writeDebugModel } from '../../local/drill/debug-model.ts';
import { DOT, ROOT } from '../../local/tier/paths.ts';

/**
 * What the end-to-end tests upload. `real` is a small slice of the demo's ratings with its encoder. `tiny` is the unit tests'
 * two-layer BERT with made-up rows, for tests that are not about a model's quality: it goes through every stage in seconds.
 */
export type Fixtures = { real: Start; tiny: Start; oneClass: Start; notNumbers: Start; pictures: Start };

/** 570 of these fall into test at a fraction of 0.3, which is more than the 500 that the gates ask for. */
const ROWS = 1900;
/** Every this many-th row, so that movies, products and tweets are all there. */
const STRIDE = 9;

/** 950 small pictures with their manifest, and the unit tests' two-layer vision transformer. */
const writePictures = (folder: string): Start => {
  rmSync(folder, { recursive: true, force: true });
  execFileSync(join(ROOT, '.venv/bin/python'), [join(ROOT, 'test/containers/tiny_pictures.py'), folder]);
  return { file: join(folder, 'pictures'), baseModel: join(folder, 'base-model'), values: [0, 1, 2, 3, 4], group: 'group' };
};

export const writeFixtures = async (): Promise<Fixtures> => {
  const folder = join(DOT, 'test/fixtures');
  mkdirSync(folder, { recursive: true });
  const [header = '', ...rows] = readFileSync(DATA.ratings, 'utf8').trimEnd().split('\n');
  const slice = rows.filter((row, i) => i % STRIDE === 0 && !row.includes('""')).slice(0, ROWS);
  const withLabel = (label: (index: number, value: string) => string) =>
    slice.map((row, i) =>
      row.replace(/,(-?\d),([a-z]+-\d+)$/, (_, value: string, document: string) => `,${label(i, value)},${document}`),
    );
  const write = (name: string, lines: string[]): string => {
    const file = join(folder, name);
    writeFileSync(file, `${[header, ...lines].join('\n')}\n`);
    return file;
  };
  const ratings = (file: string): Start => ({
    file,
    baseModel: DATA.baseModel,
    values: [-3, -2, -1, 0, 1, 2, 3],
    group: 'document',
  });
  return {
    real: ratings(write('slice.csv', slice)),
    tiny: writeDebugModel(join(folder, 'tiny')),
    pictures: writePictures(join(folder, 'tiny-pictures')),
    oneClass: ratings(
      write(
        'one-class.csv',
        withLabel(() => '2'),
      ),
    ),
    notNumbers: ratings(
      write(
        'not-numbers.csv',
        withLabel((i, value) => (i % 10 === 0 ? 'NaN' : value)),
      ),
    ),
  };
};
