import { describe, expect, it } from 'vitest';
import type { ExperimentItem } from '../../../functions/shared/table/experiment.ts';
import type { Action } from '../../../functions/stages/actions.ts';
import { type ExecutionStatus, type ExecutionView, UNKNOWN_EXECUTION } from '../../../functions/stages/execution-view.ts';
import type { JobView } from '../../../functions/stages/job-view.ts';
import { NO_PROGRESS, type ProgressView, reconcile, type StoredAttempt } from '../../../functions/stages/reconcile.ts';
import { anExperiment } from '../an-experiment.ts';
import { aJob, anAttempt, aResult, ended, failed, LIMITS, manifestOf, NOW, someProgress } from './a-job.ts';

const execution = (status: ExecutionStatus, error: string | null = null, cause: string | null = null): ExecutionView => ({
  state: 'seen',
  status,
  error,
  cause,
});
const RUNNING = execution('RUNNING');
const ABSENT: ExecutionView = { state: 'absent' };
const AGO = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

type Given = {
  experiment?: Partial<ExperimentItem>;
  attempts?: StoredAttempt[];
  jobs?: JobView[];
  complete?: boolean;
  execution?: ExecutionView;
  progress?: ProgressView;
};

const ID = 'exp_01arz3ndektsv4rrffq69g5fav';
const at = { experimentId: ID };
const current = { run: 1, stage: 'train', attempt: 1 } as const;

const decide = ({ experiment = {}, attempts = [], jobs = [], complete = true, ...rest }: Given): Action[] =>
  reconcile(
    { experiment: anExperiment({ id: ID, status: 'running', updatedAt: AGO(10), ...experiment }), attempts },
    { jobs, complete },
    rest.execution ?? RUNNING,
    rest.progress ?? NO_PROGRESS,
    NOW,
    LIMITS,
  );

const types = (actions: Action[]): string[] => actions.map(({ type }) => type).sort();

describe('an attempt that has ended', () => {
  it('completes its task with the winning manifest, after keeping the figures', () => {
    const job = ended(at);
    const actions = decide({
      experiment: { current },
      attempts: [anAttempt(aJob(at))],
      jobs: [job],
      execution: UNKNOWN_EXECUTION,
    });
    expect(types(actions)).toEqual(['CompleteTask', 'KeepResult', 'WriteAttempt']);
    expect(actions).toContainEqual({
      type: 'CompleteTask',
      at: job.at,
      jobId: job.jobId,
      taskToken: job.taskToken,
      manifest: manifestOf(at),
    });
  });

  it('is found by the supervisor when its event was dropped', () => {
    const actions = decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [ended(at)] });
    expect(types(actions)).toEqual(['CompleteTask', 'KeepResult', 'WriteAttempt']);
  });

  it('is reported once', () => {
    const job = ended(at);
    expect(
      decide({
        experiment: { current, inputs: { train: manifestOf(at) } },
        attempts: [anAttempt(job, { reportedAt: AGO(1) })],
        jobs: [job],
      }),
    ).toEqual([]);
  });

  it('is reported again when nobody noted that it was', () => {
    const job = ended(at);
    const actions = decide({
      experiment: { current, inputs: { train: manifestOf(at) } },
      attempts: [anAttempt(job)],
      jobs: [job],
    });
    expect(types(actions)).toEqual(['CompleteTask']);
  });

  it('fails its task with the decision of the table', () => {
    const actions = decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [failed(at, 75)] });
    expect(types(actions)).toEqual(['FailTask', 'KeepFailure', 'WriteAttempt']);
    expect(actions.find(({ type }) => type === 'FailTask')).toMatchObject({
      decision: { error: 'Stage.Interrupted', action: 'again' },
    });
  });

  it('counts what the earlier attempts of this run and stage cost, and nothing else', () => {
    const earlier = [1, 2].map((attempt) =>
      anAttempt(failed({ ...at, attempt }, 75), { error: 'Stage.Interrupted', reportedAt: AGO(60) }),
    );
    const other = anAttempt(failed({ ...at, stage: 'prepare' }, 75), { error: 'Stage.Interrupted', reportedAt: AGO(60) });
    const third = failed({ ...at, attempt: 3 }, 75);
    const fail = (attempts: StoredAttempt[]) =>
      decide({ experiment: { current: { ...current, attempt: 3 } }, attempts, jobs: [third] }).find(
        ({ type }) => type === 'FailTask',
      );
    expect(fail([...earlier, other])).toMatchObject({ decision: { action: 'fail' } });
    expect(fail([...earlier.slice(1), other])).toMatchObject({ decision: { action: 'again' } });
  });

  it.each([
    ['no result.json', { state: 'absent' as const }, /left no result\.json/],
    ['a torn result.json', { state: 'read' as const, document: undefined }, /does not follow the contract/],
    ['the result.json of another attempt', aResult({ ...at, attempt: 2 }), /belongs to attempt 1\/train\/2/],
    [
      'figures that no such stage has',
      { state: 'read' as const, document: { ...(aResult(at).document as object), summary: { mae: 'good' } } },
      /its summary does not follow the contract/,
    ],
  ])('broke its contract when it ended with 0 and left %s', (_what, result, message) => {
    const actions = decide({ experiment: { current }, jobs: [ended(at, { result })] });
    expect(actions.find(({ type }) => type === 'FailTask')).toMatchObject({
      decision: { error: 'Stage.ContractBroken', action: 'fail', message: expect.stringMatching(message) },
    });
  });

  it('keeps its result, and tells nobody, when its execution is over', () => {
    const actions = decide({ experiment: { current }, jobs: [ended(at)], execution: execution('ABORTED') });
    expect(types(actions)).toContain('KeepResult');
    expect(types(actions)).not.toContain('CompleteTask');
  });

  it('tells nobody when Batch no longer knows its token', () => {
    expect(types(decide({ experiment: { current }, jobs: [ended(at, { taskToken: null })] }))).not.toContain('CompleteTask');
  });
});

describe('fencing', () => {
  const second = { ...current, attempt: 2 };

  it('never reports an older attempt, whatever it says', () => {
    for (const job of [ended(at), failed(at, 75), failed(at, 1)])
      expect(decide({ experiment: { current: second }, jobs: [job], execution: UNKNOWN_EXECUTION, complete: false })).toEqual([]);
  });

  it('ends an older attempt that is alive', () => {
    expect(decide({ experiment: { current: second }, jobs: [aJob(at)], complete: false, execution: UNKNOWN_EXECUTION })).toEqual([
      { type: 'TerminateJob', jobId: aJob(at).jobId, reason: 'Stage.Superseded: another attempt has taken its place' },
    ]);
  });

  it('ends a job of an older run and leaves the current run alone', () => {
    const old = aJob({ ...at, run: 1, stage: 'bundle', attempt: 9 });
    const actions = decide({ experiment: { run: 2, current: { run: 2, stage: 'ingest', attempt: 1 } }, jobs: [old] });
    expect(actions).toEqual([{ type: 'TerminateJob', jobId: old.jobId, reason: expect.stringMatching(/^Stage\.Superseded: /) }]);
  });

  it('takes the highest of stage order and attempt for the current one, not the latest in time', () => {
    const actions = decide({ jobs: [aJob({ ...at, stage: 'export' }, { createdAt: 0 }), aJob(at)] });
    expect(actions).toContainEqual(expect.objectContaining({ type: 'EnterAttempt', at: { ...at, ...current, stage: 'export' } }));
    expect(actions).toContainEqual(expect.objectContaining({ type: 'TerminateJob', jobId: 'job-1-train-1' }));
  });

  it('does not take a late picture of the current job for another job', () => {
    const late = aJob(at, { status: 'RUNNABLE', startedAt: null });
    expect(decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [late], complete: false })).toEqual([]);
  });

  it('follows the later of two jobs of one name, and ends the earlier: its token is worth nothing', () => {
    const first = aJob(at, { jobId: 'first', createdAt: 1 });
    const again = ended(at, { jobId: 'second', createdAt: 2 });
    const actions = decide({ experiment: { current }, attempts: [anAttempt(first)], jobs: [first, again] });
    expect(actions).toContainEqual(expect.objectContaining({ type: 'CompleteTask', jobId: 'second' }));
    expect(actions).toContainEqual(expect.objectContaining({ type: 'TerminateJob', jobId: 'first' }));
    expect(
      types(
        decide({
          experiment: { current },
          attempts: [anAttempt(again)],
          jobs: [ended(at, { jobId: 'first', createdAt: 1 })],
          complete: false,
        }),
      ),
    ).toEqual([]);
  });
});

describe('beginning', () => {
  const queued = { status: 'queued' as const, updatedAt: AGO(61) };

  it('starts an experiment that has had no execution for a minute', () => {
    expect(decide({ experiment: queued, execution: ABSENT })).toEqual([{ type: 'StartExecution', run: 1 }]);
  });

  it('leaves a younger one to whoever is about to start it', () => {
    expect(decide({ experiment: { ...queued, updatedAt: AGO(59) }, execution: ABSENT })).toEqual([]);
  });

  it('starts nothing when nobody asked whether there is an execution', () => {
    expect(decide({ experiment: queued, execution: UNKNOWN_EXECUTION })).toEqual([]);
  });

  it('runs when the execution does', () => {
    expect(decide({ experiment: queued })).toEqual([{ type: 'BeginRunning', run: 1 }]);
  });

  it('runs when its first job appears', () => {
    const job = aJob({ ...at, stage: 'ingest' }, { status: 'RUNNABLE', startedAt: null });
    expect(types(decide({ experiment: queued, jobs: [job], execution: UNKNOWN_EXECUTION }))).toEqual([
      'BeginRunning',
      'EnterAttempt',
      'WriteAttempt',
    ]);
  });
});

describe('closing', () => {
  const bundle = {
    bundleUri: 's3://releases/b/',
    bundleSha256: 'a'.repeat(64),
    version: 4,
    bytes: 1,
    preferred: 'int8' as const,
  };

  it('succeeds with the bundle', () => {
    expect(decide({ experiment: { stages: { bundle } }, execution: execution('SUCCEEDED') })).toEqual([
      { type: 'Close', run: 1, status: 'succeeded', bundle: { uri: bundle.bundleUri, sha256: bundle.bundleSha256, version: 4 } },
    ]);
  });

  it('takes the bundle from the result that this very pass found', () => {
    const actions = decide({ jobs: [ended({ ...at, stage: 'bundle' })], execution: execution('SUCCEEDED') });
    expect(actions).toContainEqual(expect.objectContaining({ type: 'Close', bundle: expect.objectContaining({ version: 1 }) }));
  });

  const failure = { stage: 'train' as const, attempt: 1, message: 'm', where: null, remedy: null, diagnostics: [] };

  it.each([
    ['Stage.Diverged', 'failed'],
    ['Stage.GateRejected', 'rejected'],
  ])('ends with what was recorded: %s is %s', (error, status) => {
    expect(decide({ experiment: { failure: { ...failure, error } }, execution: execution('FAILED', 'x', 'y') })).toEqual([
      { type: 'Close', run: 1, status, failure: { ...failure, error } },
    ]);
  });

  it("falls back on the execution's own words, a failure's cause among them", () => {
    const cause = JSON.stringify({ action: 'reject', rung: 0, microBatchDivisor: 1, delaySeconds: 0, message: 'too far off' });
    expect(decide({ execution: execution('FAILED', 'Stage.GateRejected', cause) })).toMatchObject([
      { status: 'rejected', failure: { message: 'too far off', error: 'Stage.GateRejected' } },
    ]);
    expect(decide({ execution: execution('FAILED', 'States.Runtime', 'no such variable') })).toMatchObject([
      { status: 'failed', failure: { message: 'no such variable', remedy: expect.stringMatching(/pipeline itself/) } },
    ]);
    expect(decide({ execution: execution('FAILED') })).toMatchObject([
      { failure: { message: 'The pipeline ended with States.Runtime.' } },
    ]);
  });

  it('fails an execution that ran out of time', () => {
    expect(decide({ execution: execution('TIMED_OUT') })).toMatchObject([
      { status: 'failed', failure: { error: 'Stage.TimedOut' } },
    ]);
  });

  it('cancels what was stopped in the console, and ends its jobs first', () => {
    expect(
      types(
        decide({ experiment: { current }, attempts: [anAttempt(aJob(at))], jobs: [aJob(at)], execution: execution('ABORTED') }),
      ),
    ).toEqual(['BeginCancelling', 'TerminateJob']);
    expect(types(decide({ execution: execution('ABORTED') }))).toEqual(['BeginCancelling', 'Close']);
  });

  it('terminates a job whose execution is gone', () => {
    const gone = {
      experiment: { current, updatedAt: AGO(61) },
      attempts: [anAttempt(aJob(at))],
      jobs: [aJob(at)],
      execution: ABSENT,
    };
    expect(types(decide(gone))).toEqual(['Close', 'TerminateJob']);
    expect(decide({ ...gone, experiment: { current, updatedAt: AGO(5) } })).toEqual([]);
  });

  it('is over when it is over: nothing happens but the end of what is still alive', () => {
    const over = ended(at);
    const alive = { attempts: [anAttempt(aJob(at))], jobs: [aJob(at)] };
    const cancelled = { status: 'cancelled' as const, current };
    expect(decide({ experiment: cancelled, attempts: [anAttempt(over)], jobs: [over], execution: execution('ABORTED') })).toEqual(
      [],
    );
    expect(decide({ experiment: cancelled, ...alive, execution: execution('ABORTED') })).toMatchObject([
      { type: 'TerminateJob' },
    ]);
    expect(decide({ experiment: { status: 'failed', current }, ...alive })).toEqual([
      { type: 'TerminateJob', jobId: over.jobId, reason: 'Stage.Superseded: the experiment has ended as failed' },
    ]);
  });

  it('still keeps how the last job ended', () => {
    const terminated = failed(at, 143, { statusReason: 'Stage.TimedOut: the pipeline stopped waiting' });
    const actions = decide({
      experiment: { status: 'failed', current },
      attempts: [anAttempt(aJob(at))],
      jobs: [terminated],
      execution: UNKNOWN_EXECUTION,
    });
    expect(actions).toMatchObject([{ type: 'WriteAttempt', error: 'Stage.TimedOut' }]);
  });

  it('waits while somebody redrives the execution', () => {
    expect(decide({ execution: execution('PENDING_REDRIVE') })).toEqual([]);
  });
});

describe('cancelling', () => {
  const cancelling = { status: 'cancelling' as const, current };

  it('stops the execution and ends every job', () => {
    const jobs = [aJob(at), aJob({ ...at, stage: 'prepare' })];
    expect(types(decide({ experiment: cancelling, attempts: jobs.map((job) => anAttempt(job)), jobs }))).toEqual([
      'StopExecution',
      'TerminateJob',
      'TerminateJob',
    ]);
  });

  it('is done once nothing is alive', () => {
    const cancelled = failed(at, 143, { statusReason: 'Stage.Cancelled: the experiment was cancelled' });
    const actions = decide({
      experiment: cancelling,
      attempts: [anAttempt(aJob(at))],
      jobs: [cancelled],
      execution: execution('ABORTED'),
    });
    expect(types(actions)).toEqual(['Close', 'KeepFailure', 'WriteAttempt']);
    expect(decide({ experiment: cancelling, execution: ABSENT })).toEqual([{ type: 'Close', run: 1, status: 'cancelled' }]);
  });

  it('is not done while only one event was looked at', () => {
    expect(decide({ experiment: cancelling, execution: execution('ABORTED'), complete: false })).toEqual([]);
  });

  it('reports nothing, not even success', () => {
    for (const job of [ended(at), failed(at, 64)])
      expect(types(decide({ experiment: cancelling, jobs: [job] }))).toEqual(['KeepFailure', 'StopExecution', 'WriteAttempt']);
  });

  it('stops an execution that started after all was cancelled', () => {
    expect(decide({ experiment: { status: 'cancelled' } })).toEqual([{ type: 'StopExecution', run: 1 }]);
  });
});

describe('waiting', () => {
  const waits = aJob(at, { status: 'RUNNABLE', startedAt: null });
  const known = { experiment: { current }, attempts: [anAttempt(waits)] };

  it('says what Batch says', () => {
    const statusReason = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested';
    expect(decide({ ...known, jobs: [{ ...waits, statusReason }] })).toEqual([
      { type: 'StartWaiting', at: waits.at, reason: statusReason, since: AGO(30) },
    ]);
  });

  it('says so itself after a minute, once', () => {
    const long = { ...waits, createdAt: NOW.getTime() - 61_000 };
    const [action] = decide({ ...known, jobs: [long] });
    expect(action).toMatchObject({ type: 'StartWaiting', reason: 'No host of gpu-spot is free for it yet.' });
    const waiting = { reason: 'No host of gpu-spot is free for it yet.', since: AGO(61) };
    expect(decide({ experiment: { current, waiting }, attempts: [anAttempt(long)], jobs: [long] })).toEqual([]);
  });

  it('is no news within the first minute', () => {
    expect(decide({ ...known, jobs: [waits] })).toEqual([]);
  });

  it('is over when the job starts', () => {
    const waiting = { reason: 'r', since: AGO(61) };
    expect(types(decide({ experiment: { current, waiting }, attempts: [anAttempt(waits)], jobs: [aJob(at)] }))).toEqual([
      'NoteStarted',
      'StopWaiting',
      'WriteAttempt',
    ]);
  });
});

describe('a hung stage', () => {
  const running = aJob(at, { startedAt: NOW.getTime() - 3_600_000 });
  const watch = (progress: ProgressView, changes: Given = {}) =>
    decide({ experiment: { current }, attempts: [anAttempt(running)], jobs: [running], progress, ...changes });
  const still = someProgress(at, { sequence: 5, at: AGO(700) });
  const kept = { progress: still, movedAt: AGO(700) };

  it('is ended with a reason that starts with the name of the error', () => {
    expect(watch({ kept, document: still })).toEqual([
      { type: 'TerminateJob', jobId: running.jobId, reason: 'Stage.Hung: no progress for 600 s, last at step 10 of 100' },
    ]);
  });

  it('is not hung because its events were lost: progress.json moved', () => {
    const moved = someProgress(at, { sequence: 9, step: 11, at: AGO(5) });
    expect(watch({ kept, document: moved })).toEqual([{ type: 'KeepProgress', progress: moved }]);
  });

  it('is hung although it is alive: a rising sequence is no progress', () => {
    const alive = someProgress(at, { sequence: 99, at: AGO(1) });
    expect(types(watch({ kept, document: alive }))).toEqual(['KeepProgress', 'TerminateJob']);
  });

  it('is given its time within the limit', () => {
    expect(watch({ kept: { ...kept, movedAt: AGO(599) }, document: still })).toEqual([]);
  });

  it('is judged from its own start when it never reported', () => {
    expect(watch({ kept: undefined, document: 'absent' })).toMatchObject([
      { reason: expect.stringMatching(/before it reported anything$/) },
    ]);
    const young = aJob(at, { startedAt: NOW.getTime() - 1_000 });
    expect(
      watch(
        { kept: { progress: someProgress({ ...at, attempt: 7 }), movedAt: AGO(9_999) }, document: 'absent' },
        { jobs: [young], attempts: [anAttempt(young)] },
      ),
    ).toEqual([]);
  });

  it('is not judged while progress.json cannot be read, or the execution is not known to run', () => {
    expect(watch({ kept, document: 'unknown' })).toEqual([]);
    expect(watch({ kept, document: still }, { execution: UNKNOWN_EXECUTION })).toEqual([]);
  });
});

describe('a job without an experiment', () => {
  const orphan = (job: JobView) =>
    reconcile(
      { experiment: undefined, attempts: [] },
      { jobs: [job], complete: false },
      UNKNOWN_EXECUTION,
      NO_PROGRESS,
      NOW,
      LIMITS,
    );

  it('is ended once it is older than any experiment takes to be stored', () => {
    expect(orphan(aJob(at, { createdAt: NOW.getTime() - 61_000 }))).toMatchObject([
      { type: 'TerminateJob', reason: `Stage.Superseded: there is no experiment ${ID}` },
    ]);
  });

  it('is left alone while it is young, and when it has ended', () => {
    expect(orphan(aJob(at))).toEqual([]);
    expect(orphan(ended(at, { createdAt: 0 }))).toEqual([]);
  });
});
