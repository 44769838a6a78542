/** The fault matrix: what goes wrong, in which stage, and what must come of it. Read it as a table; plantings.ts says how each is done. */
import type { Stage, StageError } from '../../functions/shared/contracts/names.ts';
import { CHECKPOINT_SECONDS, TRAIN_STEPS } from './debug-experiment.ts';
import {
  anHourLate,
  both,
  during,
  inside,
  kill,
  meanwhile,
  noCapacity,
  noCapacityAtFirst,
  ofAws,
  ofBatch,
  outOfMemory,
  type Planting,
  progressLost,
  reclaim,
  restarted,
  stoppedFromOutside,
} from './plantings.ts';
import { seededNumbers } from './seeded-numbers.ts';

export type Expected = {
  status: 'succeeded' | 'failed' | 'cancelled';
  /** How the failed attempts of the stage ended, in order. */
  errors: readonly StageError[];
  /** It is resumed after that, and succeeds then. */
  resumed: boolean;
  /** The trained weights are those of a run in which nothing went wrong, bit for bit. */
  sameWeights: boolean;
};

/** In the order in which they are run. */
export const LANES = ['together', 'disturbing', 'alone', 'at-once'] as const;

export type Row = {
  fault: string;
  /** One of several of the same fault. */
  variant?: string;
  stage: Stage;
  /** The last stage that is no stand-in: the one under fault, or an earlier one where its container does not matter. */
  real: Stage;
  plant: Planting;
  expected: Expected;
  maxAttempts: number;
  /** `disturbing` ones are felt by every experiment of the tier and change the outcome of none; `alone` ones would; ten go `at-once`. */
  lane: (typeof LANES)[number];
};

/** What one fault proves, and the faults of docs/drills.md that it uses. */
type Fault = { proves: string; uses: string; lane?: Row['lane'] };

/** Bounds that hold for every row. Reports of progress come every two seconds, and a checkpoint takes part of one to be committed. */
export const BOUNDS = {
  /** Training that is done again after an interruption: one checkpoint interval, and what the reports do not resolve. */
  lostSeconds: CHECKPOINT_SECONDS + 4,
  /** From an interruption to the first new training step, beyond what a process takes to start. */
  beyondStartSeconds: 15,
  orphans: 0,
} as const;

export const FAULTS = {
  none: { proves: 'the reference: what the debug model gives when nothing goes wrong', uses: '–' },
  'spot-reclaim': { proves: 'a spot notice costs no work: checkpoint, exit 75, resume on the next rung', uses: 'hosts/reclaim' },
  'host-lost': { proves: 'a host that goes without notice costs one checkpoint interval', uses: 'hosts/reclaim' },
  'container-killed': { proves: 'SIGKILL of the container is an interruption, not a failure', uses: 'jobs/kill' },
  'child-killed': { proves: 'the parent outlives its child and says what happened', uses: 'jobs/kill' },
  'killed-at-random': {
    proves: 'SIGKILL at twenty points of training, four an experiment: same weights in the end',
    uses: 'jobs/overlay killed',
  },
  'killed-half-saved': {
    proves: 'a checkpoint half written to the disk is never seen',
    uses: 'jobs/overlay killed-in-checkpoint',
  },
  'killed-saved': { proves: 'a checkpoint on the disk alone is never seen', uses: 'jobs/overlay killed-in-checkpoint' },
  'killed-before-first-object': {
    proves: 'a checkpoint not yet in S3 does not exist',
    uses: 'jobs/overlay killed-in-checkpoint',
  },
  'killed-between-objects': { proves: 'a torn checkpoint is passed over', uses: 'jobs/overlay killed-in-checkpoint' },
  'killed-before-commit': {
    proves: 'without COMMITTED a whole checkpoint does not exist',
    uses: 'jobs/overlay killed-in-checkpoint',
  },
  'killed-committed': { proves: 'a committed checkpoint is used, whatever follows', uses: 'jobs/overlay killed-in-checkpoint' },
  'killed-dropping-old': { proves: 'half-dropped old checkpoints harm nobody', uses: 'jobs/overlay killed-in-checkpoint' },
  'no-capacity': { proves: 'a starved rung is left after the queue limit', uses: 'queues/capacity, clock', lane: 'alone' },
  'no-capacity-anywhere': {
    proves: 'with every rung starved it ends, and says why',
    uses: 'queues/capacity, clock',
    lane: 'alone',
  },
  hang: { proves: 'a stage that stands still is ended at its hang limit and resumed', uses: 'jobs/overlay hold' },
  'out-of-memory': { proves: 'memory that ran out is tried once more with half the micro-batch', uses: 'jobs/out-of-memory' },
  'out-of-memory-twice': { proves: 'and not a third time', uses: 'jobs/out-of-memory' },
  'image-pull-failure': { proves: 'an image that cannot be pulled is tried again after a pause', uses: 'jobs/cannot-start' },
  'image-never-pulled': { proves: 'three times, and then it ends', uses: 'jobs/cannot-start' },
  'time-out': {
    proves: 'an attempt over its time ends the experiment, and a resume goes on',
    uses: 'jobs/time-out, jobs/overlay hold',
  },
  'batch-event-lost': { proves: 'the supervisor reports the end that no event told', uses: 'events/drop' },
  'batch-events-all-lost': { proves: 'no event of a job is needed', uses: 'events/drop' },
  'batch-event-doubled': { proves: 'doubled events change nothing', uses: 'events/double' },
  'batch-event-late': { proves: 'an event that is an hour late changes nothing', uses: 'events/delay, clock', lane: 'alone' },
  'batch-events-out-of-order': { proves: 'the order of events does not matter', uses: 'events/reorder' },
  'progress-lost': { proves: 'lost progress events kill no job', uses: 'events/drop of the AWS', lane: 'disturbing' },
  'track-job-throttled': { proves: 'a throttled function is made up for', uses: 'functions/fail', lane: 'disturbing' },
  'track-job-throws': { proves: 'a failing function is made up for', uses: 'functions/fail', lane: 'disturbing' },
  'supervisor-throws': { proves: 'the next minute does it', uses: 'functions/fail, events/drop', lane: 'disturbing' },
  'record-progress-throttled': {
    proves: 'progress that is not recorded kills no job',
    uses: 'functions/fail',
    lane: 'disturbing',
  },
  's3-refused': { proves: 'S3 may be away for 30 s', uses: 'services/refuse', lane: 'disturbing' },
  'dynamodb-refused': { proves: 'DynamoDB may be away for 30 s', uses: 'services/refuse', lane: 'disturbing' },
  'execution-stopped': {
    proves: 'stopped in the console is cancelled, with nothing left running; a resume goes on',
    uses: 'states:StopExecution',
  },
  'batch-restarted': {
    proves: 'Batch restarts in mid-run: its jobs are taken up again',
    uses: 'restart of the executor',
    lane: 'alone',
  },
  'aws-restarted': {
    proves: 'the whole tier restarts in mid-run: the execution is lost with it, a resume goes on',
    uses: 'restart of the tier',
    lane: 'alone',
  },
  'no-result': { proves: 'exit 0 without a result is no success', uses: 'jobs/overlay no-result' },
  'broken-result': { proves: 'nor is a result that breaks its schema', uses: 'jobs/overlay broken-result' },
  'disk-full': { proves: 'a full disk is the machine’s fault: tried again', uses: 'jobs/overlay full-disk' },
  'clock-ahead': { proves: 'a clock ten minutes ahead changes no outcome', uses: 'jobs/overlay clock-skew' },
  'clock-behind': { proves: 'nor one ten minutes behind, even across a resume', uses: 'jobs/overlay clock-skew, hosts/reclaim' },
} as const satisfies Record<string, Fault>;
export type FaultName = keyof typeof FAULTS;

type Outcome = Partial<Expected> & { real?: Stage; maxAttempts?: number; variant?: string };

const row = (fault: FaultName, stage: Stage, plant: Planting, outcome: Outcome = {}): Row => {
  const { status = 'succeeded', errors = [], resumed = false } = outcome;
  const { sameWeights = stage === 'train' && (status === 'succeeded' || resumed) } = outcome;
  const { lane = 'together' }: Fault = FAULTS[fault];
  const { maxAttempts = 3, real = stage, variant } = outcome;
  const expected = { status, errors, resumed, sameWeights };
  return { fault, stage, real, plant, expected, maxAttempts, lane, ...(variant === undefined ? {} : { variant }) };
};

/** The same fault in several stages. */
const rows = (fault: FaultName, stages: readonly Stage[], plant: Planting, outcome: Outcome = {}): Row[] =>
  stages.map((stage) => row(fault, stage, plant, outcome));

const INTERRUPTED = { errors: ['Stage.Interrupted'] } as const satisfies Outcome;
const again = (error: StageError): Outcome => ({ errors: [error] });
const failed = (...errors: StageError[]): Outcome => ({ status: 'failed', errors });
const STOPPED = { status: 'cancelled', errors: ['Stage.Cancelled'], resumed: true } as const satisfies Outcome;
const EVERY_STATUS: string[] = [];
const BOTH: Stage[] = ['train', 'prepare'];

/** Twenty kills, four an experiment: the same steps and delays at every run. */
const [RANDOM_KILLS, KILLS_AN_EXPERIMENT] = [20, 4];
const random = seededNumbers(20_261_122);
const kills = Array.from({ length: RANDOM_KILLS }, () => ({
  AT_STEP: 1 + Math.floor(random() * (TRAIN_STEPS - 1)),
  DELAY_MS: Math.floor(random() * 400),
})).sort((a, b) => a.AT_STEP - b.AT_STEP);
const experiments = RANDOM_KILLS / KILLS_AN_EXPERIMENT;
const killedAtRandom = Array.from({ length: experiments }, (_, experiment) => {
  const own = kills.filter((_, rank) => rank % experiments === experiment);
  return row('killed-at-random', 'train', both(...own.map((kill, index) => inside('killed', kill, index + 1))), {
    errors: own.map(() => 'Stage.Interrupted'),
    maxAttempts: KILLS_AN_EXPERIMENT + 1,
    variant: own.map(({ AT_STEP, DELAY_MS }) => `step ${AT_STEP} + ${DELAY_MS} ms`).join(', '),
  });
});

/** In the second checkpoint, so that there is one to go on from; old ones are dropped from the fourth on. */
const killedIn = (phase: string, checkpoint: number): Row =>
  row(
    `killed-${phase}` as FaultName,
    'train',
    inside('killed-in-checkpoint', { PHASE: phase, CHECKPOINT: checkpoint }),
    INTERRUPTED,
  );

export const REFERENCE: Row = row('none', 'train', async () => undefined);

export const MATRIX: readonly Row[] = [
  REFERENCE,
  ...rows('spot-reclaim', ['train', 'prepare', 'export'], during(reclaim(120)), INTERRUPTED),
  ...rows('host-lost', ['train', 'prepare', 'export', 'parity', 'benchmark'], during(reclaim(0)), INTERRUPTED),
  ...rows('container-killed', ['train', 'prepare', 'quantize'], during(kill('container')), INTERRUPTED),
  ...rows('child-killed', ['train', 'prepare', 'bundle'], during(kill('child')), INTERRUPTED),
  ...killedAtRandom,
  killedIn('half-saved', 2),
  killedIn('saved', 2),
  killedIn('before-first-object', 2),
  killedIn('between-objects', 2),
  killedIn('before-commit', 2),
  killedIn('committed', 2),
  killedIn('dropping-old', 4),
  ...rows('hang', BOTH, inside('hold', { AT_STEP: 1, HOLD_SECONDS: 3600 }), again('Stage.Hung')),
  row('out-of-memory', 'train', during(outOfMemory), { ...again('Stage.OutOfMemory'), sameWeights: false }),
  ...rows('out-of-memory', ['prepare', 'export'], during(outOfMemory), again('Stage.OutOfMemory')),
  row(
    'out-of-memory-twice',
    'prepare',
    both(during(outOfMemory, 1), during(outOfMemory, 2)),
    failed('Stage.OutOfMemory', 'Stage.OutOfMemory'),
  ),
  ...rows(
    'image-pull-failure',
    ['train', 'prepare', 'benchmark'],
    ofBatch('jobs/cannot-start', {}),
    again('Stage.Infrastructure'),
  ),
  row(
    'image-never-pulled',
    'prepare',
    both(...[1, 2, 3].map((attempt) => ofBatch('jobs/cannot-start', {}, attempt))),
    failed('Stage.Infrastructure', 'Stage.Infrastructure', 'Stage.Infrastructure'),
  ),
  ...rows('time-out', BOTH, both(inside('hold', { AT_STEP: 1, HOLD_SECONDS: 600 }), ofBatch('jobs/time-out', { seconds: 15 })), {
    ...failed('Stage.TimedOut'),
    resumed: true,
  }),
  ...rows('batch-event-lost', ['train', 'prepare', 'export'], ofBatch('events/drop', { statuses: ['SUCCEEDED'] })),
  ...rows('batch-events-all-lost', BOTH, ofBatch('events/drop', { statuses: EVERY_STATUS, count: 10 })),
  ...rows('batch-event-doubled', BOTH, ofBatch('events/double', { statuses: EVERY_STATUS, count: 10 })),
  ...rows('batch-events-out-of-order', BOTH, ofBatch('events/reorder', { count: 4 })),
  ...rows('execution-stopped', BOTH, during(stoppedFromOutside), STOPPED),
  ...rows('no-result', BOTH, inside('no-result'), failed('Stage.ContractBroken')),
  ...rows('broken-result', BOTH, inside('broken-result'), failed('Stage.ContractBroken')),
  row('disk-full', 'train', inside('full-disk', { AT_STEP: 200 }), again('Stage.Infrastructure')),
  row('disk-full', 'prepare', inside('full-disk', { AT_STEP: 1 }), again('Stage.Infrastructure')),
  row('disk-full', 'export', inside('full-disk', { AT_STEP: 0 }), again('Stage.Infrastructure')),
  ...rows('clock-ahead', BOTH, inside('clock-skew', { SKEW_SECONDS: 600 })),
  row('clock-behind', 'train', both(inside('clock-skew', { SKEW_SECONDS: -600 }), during(reclaim(0))), INTERRUPTED),
  row('clock-behind', 'prepare', inside('clock-skew', { SKEW_SECONDS: -600 })),

  ...rows('progress-lost', BOTH, progressLost),
  ...rows(
    'track-job-throttled',
    BOTH,
    meanwhile('functions/fail', { functionNamePattern: '*track-job*', count: 3, how: 'throttle' }),
  ),
  ...rows('track-job-throws', BOTH, meanwhile('functions/fail', { functionNamePattern: '*track-job*', count: 3, how: 'throw' })),
  row(
    'supervisor-throws',
    'prepare',
    both(
      ofBatch('events/drop', { statuses: ['SUCCEEDED'] }),
      ofAws('functions/fail', { functionNamePattern: '*supervise*', count: 1, how: 'throw' }),
    ),
  ),
  row(
    'record-progress-throttled',
    'train',
    ofAws('functions/fail', { functionNamePattern: '*record-progress*', count: 20, how: 'throttle' }),
  ),
  ...rows('s3-refused', BOTH, meanwhile('services/refuse', { service: 's3', seconds: 30 })),
  ...rows('dynamodb-refused', BOTH, meanwhile('services/refuse', { service: 'dynamodb', seconds: 30 })),

  row('no-capacity', 'train', noCapacity('gpu-spot'), again('Stage.CapacityUnavailable')),
  row('no-capacity', 'benchmark', noCapacityAtFirst('cpu-benchmark'), { ...again('Stage.CapacityUnavailable'), real: 'prepare' }),
  row(
    'no-capacity-anywhere',
    'train',
    noCapacity('gpu-spot', 'gpu-spot-any', 'gpu-on-demand'),
    failed('Stage.CapacityUnavailable', 'Stage.CapacityUnavailable', 'Stage.CapacityUnavailable'),
  ),
  row('no-capacity-anywhere', 'benchmark', noCapacity('cpu-benchmark'), {
    ...failed('Stage.CapacityUnavailable', 'Stage.CapacityUnavailable', 'Stage.CapacityUnavailable'),
    real: 'prepare',
  }),
  ...rows('batch-event-late', BOTH, anHourLate),
  ...rows('batch-restarted', BOTH, during(restarted('batch')), INTERRUPTED),
  ...rows('aws-restarted', BOTH, during(restarted('aws')), {
    ...failed('Stage.Interrupted'),
    resumed: true,
  }),
];

/** `spot-reclaim` or `spot-reclaim/train`. */
export const rowsNamed = (name: string): Row[] =>
  MATRIX.filter(({ fault, stage }) => name === fault || name === `${fault}/${stage}`);
