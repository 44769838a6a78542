import type { TASKS } from '../../functions/shared/contracts/dataset-schema.ts';
import { type ExperimentRequest, experimentRequest, HEADS } from '../../functions/shared/contracts/experiment-spec.ts';

export const SEEDS = [13, 14, 15, 16, 17] as const;
/** A cell of the text task then takes some four minutes on one core. */
const TEXT_ROWS = 3_200;
const QUICK_ROWS = 640;
/** Sources are uploaded to an S3 of the command's own, which puts their addresses in the place of this one. */
const NOT_UPLOADED_YET = `upload:upl_${'0'.repeat(26)}`;

export type Cell = { key: string; group: string; dataset: string; request: ExperimentRequest };

type Group = { task: (typeof TASKS)[number]; dataset: string; columns: object; values: number[]; split: object; train: object };

/** What the API's defaults do not say. The splits leave a thousand test rows or more. */
const GROUPS = {
  text: {
    task: 'text-ordinal',
    dataset: 'text',
    columns: { text: 'text', label: 'label', group: 'document' },
    values: [-3, -2, -1, 0, 1, 2, 3],
    split: { validation: 0.05, test: 0.1 },
    train: { maxRows: TEXT_ROWS, threads: 1 },
  },
  image: {
    task: 'image-ordinal',
    dataset: 'image',
    columns: { image: 'image', label: 'label', group: 'picture' },
    values: [0, 1, 2, 3, 4, 5],
    split: { validation: 0.1, test: 0.2 }, // two and four of its twenty pictures
    train: { epochs: 8, learningRate: 1e-3, threads: 1 }, // its base model knows nothing yet; chosen on validation, of seven
  },
} satisfies Record<string, Group>;

const requestOf = (of: Group, train: object): ExperimentRequest =>
  experimentRequest.parse({
    name: 'evaluation',
    task: of.task,
    model: { name: 'evaluation', base: NOT_UPLOADED_YET },
    dataset: {
      name: of.dataset,
      source: NOT_UPLOADED_YET,
      columns: of.columns,
      labels: { values: of.values },
      split: of.split,
    },
    train,
  });

/** An experiment on the text task; all that `train` does not say is the API's default. */
export const textRequest = (train: object): ExperimentRequest => requestOf(GROUPS.text, train);

const cell = (group: string, of: Group, head: (typeof HEADS)[number], seed: number, train: object): Cell => ({
  key: `${group}/${head}/${seed}`,
  group,
  dataset: of.dataset,
  request: requestOf(of, { ...of.train, ...train, head, seed }),
});

/** Four heads, five seeds, two tasks; and one run on every training row. Quick: one seed, few rows, one epoch. */
export const plannedCells = (quick: boolean): Cell[] => {
  const seeds = quick ? SEEDS.slice(0, 1) : SEEDS;
  const shortened = quick ? { maxRows: QUICK_ROWS, epochs: 1 } : {};
  const compared = Object.entries(GROUPS).flatMap(([group, of]) =>
    seeds.flatMap((seed) => HEADS.map((head) => cell(group, of, head, seed, shortened))),
  );
  if (quick) return compared;
  return [...compared, cell('text-all-rows', { ...GROUPS.text, train: { threads: 1 } }, HEADS[0], SEEDS[0], {})];
};

/** The cells that `patterns` name: `text/cumulative-link/13`, or its first parts alone. All without any; undefined names what fits none. */
export const chosenCells = (cells: readonly Cell[], patterns: readonly string[]): { chosen: string[]; unknown: string[] } => {
  const fits = (key: string, pattern: string): boolean => key === pattern || key.startsWith(`${pattern}/`);
  const keys = cells.map(({ key }) => key);
  return {
    chosen: patterns.length === 0 ? keys : keys.filter((key) => patterns.some((pattern) => fits(key, pattern))),
    unknown: patterns.filter((pattern) => !keys.some((key) => fits(key, pattern))),
  };
};
