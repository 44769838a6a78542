import { spawn } from 'node:child_process';
import * as z from 'zod';
import { TierFailure } from '../../tier/tier-failure.ts';
import { GENERATOR_CORE, pinned } from './cores.ts';
import { cpuMsOf } from './process-tree.ts';

const SAMPLE_MS = 100;
/** What oha counts as an error that is none of the server's: the time was up before the answer. */
const DEADLINE = 'aborted due to deadline';

const percentiles = z.object({ p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() });
/** The parts of oha's report that are read here; times are in seconds. */
const report = z.object({
  summary: z.object({ total: z.number() }),
  latencyPercentilesSuccessful: percentiles,
  statusCodeDistribution: z.record(z.string(), z.number()),
  errorDistribution: z.record(z.string(), z.number()),
});

/** What became of a load. `refused` are 503; `lost` everything else but 200; latencies are of what was answered with 200. */
export type Load = {
  seconds: number;
  answered: number;
  refused: number;
  lost: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Of one core, by the generator itself. */
  generatorShare: number;
};

/** Reads what oha printed; `cpuMs` is the processor time that it took. */
export const readReport = (printed: string, cpuMs: number): Load => {
  const {
    summary,
    latencyPercentilesSuccessful: latency,
    statusCodeDistribution: codes,
    errorDistribution,
  } = report.parse(JSON.parse(printed));
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0);
  const answered = codes['200'] ?? 0;
  const refused = codes['503'] ?? 0;
  const broken = sum(errorDistribution) - (errorDistribution[DEADLINE] ?? 0);
  const ms = (seconds: number | null): number => 1000 * (seconds ?? Number.NaN);
  return {
    seconds: summary.total,
    answered,
    refused,
    lost: sum(codes) - answered - refused + broken,
    p50Ms: ms(latency.p50),
    p95Ms: ms(latency.p95),
    p99Ms: ms(latency.p99),
    generatorShare: cpuMs / (1000 * summary.total),
  };
};

export type Plan = {
  url: string;
  /** A file of JSON bodies, one a line, of which each request draws one. */
  bodies: string;
  connections: number;
  /** Exactly one of the two: how long, or how many requests. */
  seconds?: number;
  requests?: number;
  /** Requests a second, sent whether or not earlier ones were answered as long as a connection is free. Absent: the next follows an answer. */
  rate?: number;
};

export const ohaArguments = ({ url, bodies, connections, seconds, requests, rate }: Plan): string[] => [
  ...['--no-tui', '--output-format', 'json', '--stats-success-breakdown', '--disable-compression'],
  ...['-m', 'POST', '-T', 'application/json', '-Z', bodies, '-c', String(connections)],
  // In a closed loop what was begun is waited for; what an overload leaves behind is not.
  ...(seconds === undefined ? [] : ['-z', `${seconds}s`, ...(rate === undefined ? ['-w'] : [])]),
  ...(requests === undefined ? [] : ['-n', String(requests)]),
  ...(rate === undefined ? [] : ['-q', String(Math.round(rate))]),
  url,
];

/** Sends a load from the generator's core. TierFailure when oha itself fails. */
export const sendLoad = async (oha: string, plan: Plan): Promise<Load> => {
  const [file, ...args] = pinned(GENERATOR_CORE, [oha, ...ohaArguments(plan)]);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told = (told + text).slice(-2000);
  });
  let cpuMs = 0;
  const sampling = setInterval(() => {
    cpuMs = Math.max(cpuMs, child.pid === undefined ? 0 : cpuMsOf(child.pid));
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(sampling);
  if (code !== 0) throw new TierFailure(`The load generator ended with ${code}: ${told.trim()}`);
  return readReport(printed, cpuMs);
};
