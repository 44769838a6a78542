import { isLegalTransition } from '../../../../functions/experiments/experiment-status.ts';
import { type ExperimentStatus, isFinal } from '../../../../functions/shared/contracts/experiment-view.ts';
import { STAGES, type StageError } from '../../../../functions/shared/contracts/names.ts';
import type { SimulatedHistory } from './simulated-history.ts';
import type { Execution, Tried } from './simulated-step-functions.ts';

/** Which budget an error draws on, by the table of the design. */
const BUDGET_OF: Partial<Record<StageError, 'attempts' | 'memory' | 'infrastructure'>> = {
  'Stage.Interrupted': 'attempts',
  'Stage.CapacityUnavailable': 'attempts',
  'Stage.Hung': 'attempts',
  'Stage.OutOfMemory': 'memory',
  'Stage.Infrastructure': 'infrastructure',
};

/** What the attempts of one stage ought to have led to, from how their jobs really ended. */
const attemptsOf = (execution: Execution, tried: readonly Tried[]): string[] => {
  const { maxAttempts, ladders } = execution.input;
  const allowed = { attempts: maxAttempts, memory: 2, infrastructure: 3 };
  const spent = { attempts: 0, memory: 0, infrastructure: 0 };
  return tried.flatMap(({ stage, attempt, job, outcome }, index) => {
    const wrong: string[] = [];
    const what = `attempt ${attempt} of ${stage}`;
    if (attempt !== index + 1) wrong.push(`${what} comes where attempt ${index + 1} should`);
    const rung = Math.min(spent.attempts, ladders[stage].length - 1);
    if (job.queue !== ladders[stage][rung]) wrong.push(`${what} is in ${job.queue} instead of rung ${rung}`);
    if (job.divisor !== String(2 ** spent.memory))
      wrong.push(`${what} has divisor ${job.divisor} after ${spent.memory} times too little memory`);
    const timedOut = outcome === 'given up' && execution.error === 'States.Timeout';
    if (outcome === undefined || timedOut) return wrong;
    const error = job.endsWith;
    if (error === undefined) return [...wrong, `${what} was reported before it ended`];
    const budget = error === 'succeeded' ? undefined : BUDGET_OF[error];
    if (budget) spent[budget]++;
    const expected = error === 'succeeded' ? 'succeeded' : budget && spent[budget] < allowed[budget] ? 'again' : 'given up';
    if (outcome !== expected) wrong.push(`${what} ended as ${error}: expected ${expected}, it was ${outcome}`);
    return wrong;
  });
};

/** The status that follows from what became of the execution, unless a user cancelled. */
const statusAfter = (execution: Execution | undefined): ExperimentStatus | undefined => {
  if (!execution) return undefined;
  if (execution.deleted) return 'failed';
  switch (execution.status) {
    case 'SUCCEEDED':
      return 'succeeded';
    case 'ABORTED':
      return 'cancelled';
    case 'FAILED':
      return execution.error === 'Stage.GateRejected' ? 'rejected' : 'failed';
    case 'TIMED_OUT':
      return 'failed';
    default:
      return undefined;
  }
};

const failureOf = ({ experiment, execution }: SimulatedHistory): string[] => {
  const { failure } = experiment;
  if (!failure) return ['no failure is recorded'];
  const wrong: string[] = [];
  if (failure.message.trim() === '' || !failure.remedy) wrong.push('the failure does not say what happened and what to do');
  if (execution?.deleted) {
    if (failure.error !== 'States.ExecutionDoesNotExist')
      wrong.push(`the execution was deleted, and the failure is ${failure.error}`);
    return wrong;
  }
  if (execution?.status !== 'FAILED') return wrong;
  const error = execution.error === 'States.Timeout' ? 'Stage.TimedOut' : execution.error;
  const last = execution.tried.at(-1);
  const told = `${failure.error} of ${failure.stage}-${failure.attempt}`;
  const real = `${error} of ${last?.stage}-${last?.attempt}`;
  return told === real ? wrong : [...wrong, `the failure is ${told}, it was ${real}`];
};

const successOf = ({ experiment, execution }: SimulatedHistory): string[] => {
  const wrong: string[] = [];
  if (experiment.failure) wrong.push(`it succeeded and shows ${experiment.failure.error}`);
  if (!experiment.bundle) wrong.push('it succeeded and shows no bundle');
  for (const stage of STAGES) {
    if (experiment.inputs?.[stage] !== execution?.inputs[stage]) wrong.push(`the manifest of ${stage} is not the winning one`);
    const ran = execution?.tried.some((tried) => tried.stage === stage);
    if (ran && !experiment.stages?.[stage]) wrong.push(`the figures of ${stage} are missing`);
  }
  return wrong;
};

/** Lines of the history that are told more often than they happened: an attempt that was submitted twice may fail twice. */
const toldTooOften = ({ table, batch }: SimulatedHistory): string[] => {
  const ends = table.history.filter((event) => /^(experiment|stage\.(succeeded|failed|rejected|cancelled))/.test(event));
  const jobsOf = (event: string): number =>
    Math.max(1, batch.jobs.filter(({ at }) => event.endsWith(` r${at.run}-${at.stage}-${at.attempt}`)).length);
  return [...new Set(ends)].filter((event) => ends.filter((other) => other === event).length > jobsOf(event));
};

/** With no function of ours disturbed, the history tells of every attempt that failed. Otherwise a line may be lost with its writer. */
const untold = ({ table, chance, stepFunctions }: SimulatedHistory): string[] => {
  if (chance.misfortunes.some((misfortune) => misfortune.includes(', call '))) return [];
  const failed = stepFunctions.executions.flatMap(({ run, error, tried }) =>
    tried.flatMap(({ stage, attempt, outcome }) =>
      outcome === 'again' || (outcome === 'given up' && error !== 'States.Timeout') ? `r${run}-${stage}-${attempt}` : [],
    ),
  );
  return failed.filter((attempt) => !['failed', 'rejected'].some((how) => table.history.includes(`stage.${how} of ${attempt}`)));
};

/** What is wrong with how a history ended, judged by what really happened in it and not by what the functions made of it. */
export const judge = (history: SimulatedHistory): string[] => {
  if (history.violations.length > 0) return history.violations;
  const { experiment, table, batch, stepFunctions, execution } = history;
  const { status } = experiment;
  const wrong: string[] = [];

  const ofThisRun = table.writes.filter((write) => write.experiment.run === experiment.run);
  const cancelled = ofThisRun.some((write) => write.experiment.status === 'cancelling');
  const byUser = ofThisRun.some((write) => write.experiment.status === 'cancelling' && write.by === 'cancel-experiment');
  const expected = statusAfter(execution?.run === experiment.run ? execution : undefined);
  if (!isFinal(status)) wrong.push(`it is still ${status}`);
  if (cancelled && status !== 'cancelled') wrong.push(`a cancel was granted, and it is ${status}`);
  if (status === 'cancelled' && !byUser && expected !== 'cancelled') wrong.push('it is cancelled, and nobody cancelled it');
  if (status !== 'cancelled' && status !== expected) wrong.push(`it is ${status} where it should be ${expected}`);
  if (status === 'failed' || status === 'rejected') wrong.push(...failureOf(history));
  if (status === 'succeeded') wrong.push(...successOf(history));
  if (experiment.waiting) wrong.push('it is over and says that it waits');

  wrong.push(...batch.jobs.filter((job) => batch.isAlive(job)).map((job) => `${job.id} is still alive`));
  wrong.push(...stepFunctions.executions.filter((it) => stepFunctions.isRunning(it)).map(({ name }) => `${name} still runs`));
  for (const it of stepFunctions.executions)
    for (const stage of STAGES)
      wrong.push(
        ...attemptsOf(
          it,
          it.tried.filter((tried) => tried.stage === stage),
        ),
      );

  table.writes.forEach(({ experiment: write }, index) => {
    const before = table.writes[index - 1]?.experiment;
    if (!before) return;
    if (write.status !== before.status && !isLegalTransition(before.status, write.status))
      wrong.push(`${before.status} became ${write.status}`);
    if (write.revision !== before.revision + 1) wrong.push(`revision ${before.revision} was followed by ${write.revision}`);
  });
  wrong.push(...untold(history).map((attempt) => `the history does not tell that ${attempt} failed`));
  wrong.push(...toldTooOften(history).map((event) => `the history tells ${event} too often`));
  return wrong;
};
