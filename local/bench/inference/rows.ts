import * as z from 'zod';
import type { Malformed } from './malformed.ts';
import { median } from './median.ts';
import type { Round, ServerRound } from './round.ts';
import type { Swaps } from './swaps.ts';

export const OURS = 'spotforge-inference';
/** As its documentation has it: the route is a plain function, which runs in a thread of a pool. */
export const FASTAPI = 'fastapi';
/** Tuned by hand for one core: the model blocks the event loop. */
export const FASTAPI_IN_LOOP = 'fastapi in its event loop';

/** A row of `.spotforge/bench-inference.json`. A plain measurement has neither peer nor target; `value` is null where nothing was measured. */
const inferenceRow = z.strictObject({
  subject: z.string(),
  peer: z.string().nullable(),
  concurrency: z.number().nullable(),
  metric: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  target: z.number().nullable(),
  pass: z.boolean().nullable(),
});
export type InferenceRow = z.infer<typeof inferenceRow>;

type Measure = { metric: string; unit: string; of: (round: ServerRound) => number };
type Bound = { target: number; holds: 'at most' | 'at least' };

const CONCURRENCIES = [1, 4, 16, 64] as const;

const cellMeasures = (concurrency: number): Measure[] => {
  const cell = (of: (cell: ServerRound['cells'][number]) => number) => (round: ServerRound) => {
    const found = round.cells.find((one) => one.concurrency === concurrency);
    return found === undefined ? Number.NaN : of(found);
  };
  return [
    { metric: 'requests a second', unit: '1/s', of: cell(({ load }) => load.answered / load.seconds) },
    { metric: 'latency p50', unit: 'ms', of: cell(({ load }) => load.p50Ms) },
    { metric: 'latency p95', unit: 'ms', of: cell(({ load }) => load.p95Ms) },
    { metric: 'latency p99', unit: 'ms', of: cell(({ load }) => load.p99Ms) },
    { metric: 'processor time a request', unit: 'ms', of: cell(({ load, cpuMs }) => cpuMs / load.answered) },
    { metric: 'answers other than 200', unit: 'requests', of: cell(({ load }) => load.refused + load.lost) },
  ];
};

const peakOf = ({ cells }: ServerRound): number => Math.max(...cells.map(({ load }) => load.answered / load.seconds));

const WHOLE: Measure[] = [
  { metric: 'memory after the load', unit: 'MiB', of: ({ memoryBytes }) => memoryBytes / 2 ** 20 },
  { metric: 'time to ready', unit: 's', of: ({ readyMs }) => readyMs / 1000 },
  {
    metric: 'goodput at 3× the peak',
    unit: 'of the peak',
    of: (round) => round.overload.answered / round.overload.seconds / peakOf(round),
  },
  { metric: 'latency p99 of the answered at 3× the peak', unit: 'ms', of: ({ overload }) => overload.p99Ms },
  {
    metric: 'refused with 503 at 3× the peak',
    unit: 'of the requests',
    of: ({ overload: { answered, refused, lost } }) => refused / (answered + refused + lost),
  },
  {
    metric: 'load on the generator at its highest',
    unit: 'of its core',
    of: ({ cells, overload }) => Math.max(overload.generatorShare, ...cells.map(({ load }) => load.generatorShare)),
  },
];

/** What is asked of ours against FastAPI, either way, by concurrency and metric: the ratio of the two. */
const AGAINST_FASTAPI = new Map<string, number>([
  ['1 processor time a request', 1.05],
  ['16 processor time a request', 0.75],
  ['4 latency p95', 0.7],
  ['16 latency p95', 0.7],
  ['null memory after the load', 0.5],
]);
/** And of ours alone. Under overload an answer waits for a full queue, whose 512 rows take about two seconds at the rate of the peak. */
const ALONE = new Map<string, Bound>([
  ['null time to ready', { target: 1, holds: 'at most' }],
  ['null goodput at 3× the peak', { target: 0.95, holds: 'at least' }],
  ['null latency p99 of the answered at 3× the peak', { target: 3000, holds: 'at most' }],
  ['1 latency p95', { target: 50, holds: 'at most' }],
]);

const rounded = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);

const judged = (value: number, bound: Bound | undefined): Pick<InferenceRow, 'value' | 'target' | 'pass'> => {
  const pass =
    bound && Number.isFinite(value) ? (bound.holds === 'at most' ? value <= bound.target : value >= bound.target) : null;
  return { value: rounded(value), target: bound?.target ?? null, pass };
};

/**
 * Medians over the rounds: of every server's own figures, and of the ratios of ours to each peer, taken round by round, since what slows one slows
 * the other.
 */
export const rowsOf = (rounds: readonly Round[]): InferenceRow[] => {
  const servers = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  const all = [
    ...CONCURRENCIES.flatMap((c) => cellMeasures(c).map((measure) => ({ concurrency: c as number | null, measure }))),
    ...WHOLE.map((measure) => ({ concurrency: null, measure })),
  ];
  const valuesOf = (server: string, { of }: Measure): number[] =>
    rounds.flatMap((round) => (round[server] ? [of(round[server])] : []));
  const own = servers.flatMap((subject) =>
    all.map(({ concurrency, measure }) => {
      const bound = subject === OURS ? ALONE.get(`${concurrency} ${measure.metric}`) : undefined;
      return {
        subject,
        peer: null,
        concurrency,
        metric: measure.metric,
        unit: measure.unit,
        ...judged(median(valuesOf(subject, measure)), bound),
      };
    }),
  );
  const compared = servers
    .filter((peer) => peer !== OURS)
    .flatMap((peer) =>
      all
        .filter(({ measure }) => /^(requests|latency p\d+$|processor|memory|time)/.test(measure.metric))
        .map(({ concurrency, measure }) => {
          const theirs = valuesOf(peer, measure);
          const ratios = valuesOf(OURS, measure).map((value, round) => value / (theirs[round] ?? Number.NaN));
          const target = [FASTAPI, FASTAPI_IN_LOOP].includes(peer)
            ? AGAINST_FASTAPI.get(`${concurrency} ${measure.metric}`)
            : undefined;
          const bound: Bound | undefined = target === undefined ? undefined : { target, holds: 'at most' };
          return { subject: OURS, peer, concurrency, metric: measure.metric, unit: '×', ...judged(median(ratios), bound) };
        }),
    );
  return z.array(inferenceRow).parse([...own, ...compared]);
};

/** What swapping versions cost. */
export const swapRows = ({ swaps, requests, lost, memoryAfter10, memoryAfter50 }: Swaps): InferenceRow[] => {
  const row = { subject: OURS, peer: null, concurrency: null };
  const growth = memoryAfter50 / memoryAfter10;
  return z.array(inferenceRow).parse([
    {
      ...row,
      metric: `requests lost of ${requests} during ${swaps} swaps`,
      unit: 'requests',
      ...judged(lost, { target: 0, holds: 'at most' }),
    },
    { ...row, metric: 'memory after swap 50 against swap 10', unit: '×', ...judged(growth, { target: 1.05, holds: 'at most' }) },
  ]);
};

/** What malformed requests did. */
export const malformedRow = ({ inputs, kinds, broken }: Malformed): InferenceRow => ({
  subject: OURS,
  peer: null,
  concurrency: null,
  metric: `kinds of ${kinds} with a request not answered as it should be, of ${inputs} malformed requests`,
  unit: 'kinds',
  ...judged(broken, { target: 0, holds: 'at most' }),
});

/** For a terminal: what was asked first, then the figures of each server. */
export const linesOfInference = (rows: readonly InferenceRow[]): string[] => {
  const line = ({ subject, peer, concurrency, metric, value, unit, target, pass }: InferenceRow): string => {
    const verdict = pass === null ? '  — ' : pass ? 'pass' : 'FAIL';
    const against = peer === null ? '' : ` against ${peer}`;
    const at = concurrency === null ? '' : `, ${concurrency} at a time`;
    const asked = target === null ? '' : `, target ${target} ${unit}`;
    return `${verdict}  ${subject}${against}: ${metric}${at}: ${value === null ? 'not measured' : `${value} ${unit}`}${asked}`;
  };
  return [...rows.filter(({ target }) => target === null), ...rows.filter(({ target }) => target !== null)].map(line);
};
