import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA } from '../../local/demo/recipe.ts';
import { DOT } from '../../local/tier/paths.ts';

/** Files that the end-to-end tests upload: a small slice of the demo's real data, and what users get wrong. */
export type Fixtures = { slice: string; oneClass: string; notNumbers: string; baseModel: string };

/** 570 of these fall into test at a fraction of 0.3, which is more than the 500 that the gates ask for. */
const ROWS = 1900;
/** Every this many-th row, so that movies, products and tweets are all there. */
const STRIDE = 9;

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
  return {
    slice: write('slice.csv', slice),
    oneClass: write(
      'one-class.csv',
      withLabel(() => '2'),
    ),
    notNumbers: write(
      'not-numbers.csv',
      withLabel((i, value) => (i % 10 === 0 ? 'NaN' : value)),
    ),
    baseModel: DATA.baseModel,
  };
};
