import { BOUNDS, FAULTS, type FaultName } from './matrix.ts';
import type { Kept } from './record.ts';
import type { RowReport } from './verdict.ts';

const cell = (value: number | null): string => (value === null ? '–' : String(value));

const COLUMNS: [string, (row: RowReport) => string][] = [
  ['', ({ pass }) => (pass ? 'pass' : 'FAIL')],
  ['fault', ({ fault }) => fault],
  ['stage', ({ stage }) => stage],
  ['outcome', ({ actual }) => actual],
  ['attempts', ({ attempts }) => cell(attempts)],
  ['lost steps', ({ lostSteps }) => cell(lostSteps)],
  ['lost s', ({ lostSeconds }) => cell(lostSeconds)],
  ['recovered s', ({ recoverySeconds }) => cell(recoverySeconds)],
  ['beyond start s', ({ beyondStartSeconds }) => cell(beyondStartSeconds)],
  ['orphans', ({ orphans }) => cell(orphans)],
];

/** For a terminal. */
export const tableOf = (reports: readonly RowReport[]): string => {
  const lines = [COLUMNS.map(([name]) => name), ...reports.map((report) => COLUMNS.map(([, text]) => text(report)))];
  const widths = COLUMNS.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

export const distinctRows = (reports: readonly RowReport[]): number =>
  new Set(reports.map(({ fault, stage }) => `${fault}/${stage}`)).size;

/** One line a row that failed, with the reasons. */
export const problemsOf = (reports: readonly RowReport[]): string[] =>
  reports.flatMap(({ fault, stage, variant, experimentId, expected, problems }) =>
    problems.length === 0
      ? []
      : [`${fault}/${stage}${variant ? ` (${variant})` : ''}, ${experimentId}: expected ${expected}; ${problems.join('; ')}`],
  );

/** `at commit a on 2026-11-22`, and what was run again since. */
const provenance = (rows: readonly Kept[]): string => {
  const runs = new Map<string, Kept[]>();
  for (const row of rows) runs.set(`${row.commit} on ${row.date}`, [...(runs.get(`${row.commit} on ${row.date}`) ?? []), row]);
  const [[first] = ['nothing'], ...later] = [...runs].sort(([, a], [, b]) => b.length - a.length);
  const again = later.map(
    ([run, own]) => `${own.map(({ fault, stage }) => `${fault}/${stage}`).join(', ')} again at commit ${run}`,
  );
  return [`at commit ${first}`, ...again].join('; ');
};

/** docs/resilience.md. `minutes`: of the run of everything. */
export const markdownOf = (reports: readonly Kept[], minutes: number): string => {
  const passed = reports.filter(({ pass }) => pass).length;
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const names = [
    'fault',
    'proves',
    'stage',
    'expected',
    'outcome',
    'attempts',
    'lost steps',
    'lost s',
    'recovered s',
    'beyond start s',
    'orphans',
  ];
  const rows = reports.map((row) =>
    line([
      row.variant ? `${row.fault}, ${row.variant}` : row.fault,
      FAULTS[row.fault as FaultName]?.proves ?? '',
      row.stage,
      row.expected,
      row.pass ? row.actual : `**${row.actual}: ${row.problems.join('; ').replaceAll('|', '\\|')}**`,
      ...[row.attempts, row.lostSteps, row.lostSeconds, row.recoverySeconds, row.beyondStartSeconds, row.orphans].map(cell),
    ]),
  );
  return [
    '# What happens when something goes wrong',
    '',
    `Written by \`npm run drill -- all --write\`, run ${provenance(reports)}; the drills themselves are described in [drills.md](drills.md).`,
    '',
    `**${passed} of ${reports.length} drills passed** (${distinctRows(reports)} different pairs of fault and stage) in ${minutes} minutes.`,
    '',
    `Each is one experiment of the debug model (23,108 parameters, checkpoints due every second) on the local tier. Bounds for every row: at most ${BOUNDS.lostSeconds} s of`,
    `training done again, at most ${BOUNDS.beyondStartSeconds} s from an interruption to the first new training step beyond a process start, ${BOUNDS.orphans} jobs, processes or executions left over.`,
    '«Same weights» means: bit for bit those of the run in which nothing went wrong. *Recovered* is the time from the fault to the first new training step',
    '(in other stages: to the next process start), *beyond start* what of it was neither the wait for one of the few slots nor the start of the process. Progress is reported every two seconds.',
    '',
    line(names),
    line(names.map(() => '---')),
    ...rows,
    '',
  ].join('\n');
};
