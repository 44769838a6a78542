import { jobName } from '../../../../functions/shared/contracts/names.ts';
import type { ExperimentItem } from '../../../../functions/shared/table/experiment.ts';
import { compareAttempts } from '../../../../functions/stages/attempt-order.ts';
import { LIMITS } from './limits.ts';
import type { Job } from './simulated-batch.ts';
import type { SimulatedHistory } from './simulated-history.ts';

/** Minutes of the supervisor in which all must be right again, once nothing goes wrong any more and nothing else is to come. */
export const MINUTES_TO_REPAIR = 4;

/** An attempt without its experiment. */
const placeOf = ({ at }: Job): string => jobName(at).slice(at.experimentId.length + 1);

const isWanted = ({ stepFunctions }: SimulatedHistory, { token }: Job): boolean =>
  stepFunctions.executions.some((execution) => stepFunctions.isRunning(execution) && execution.token === token);

/** We end nobody's healthy work. Asked when a job that is alive is about to be ended. */
export const endsNothingHealthy = (history: SimulatedHistory, job: Job, reason: string): void => {
  const { status } = history.experiment;
  if (status === 'cancelling' || status === 'cancelled' || !isWanted(history, job)) return;
  if (history.batch.isHung(job) || history.batch.isStarved(job)) return;
  history.violated(`${job.id} (${placeOf(job)}) was healthy and is ended: ${reason}`);
};

/** Nobody reports an attempt after having read that a later one is the current one. */
export const reportsNothingOld = (
  history: SimulatedHistory,
  who: string,
  token: string,
  read: ExperimentItem | undefined,
): void => {
  const job = history.batch.jobs.find((candidate) => candidate.token === token);
  if (!job || !read?.current || compareAttempts(job.at, read.current) >= 0) return;
  const { run, stage, attempt } = read.current;
  history.violated(`${who} reports ${placeOf(job)}, and had read that r${run}-${stage}-${attempt} is the current one`);
};

/** Once nothing goes wrong any more, an execution hears of an attempt's end within minutes. */
export const hearsOfEnds = (history: SimulatedHistory, job: Job): void => {
  const { timeline, weather } = history;
  const calmIn = Math.max(0, weather.until - timeline.now) / 1000;
  const check = (): void => {
    if (isWanted(history, job))
      history.violated(`${MINUTES_TO_REPAIR} calm minutes after ${job.id} ended its execution has not heard of it`);
  };
  timeline.after(calmIn + MINUTES_TO_REPAIR * 60, check, false);
};

/**
 * Once nothing goes wrong any more, nothing is alive for long that nobody waits for, stands still, or is never given a machine. That something
 * stands still is counted from when it was first looked at, which may not be before the calm.
 */
export const leavesNothingBehind = (history: SimulatedHistory): void => {
  const { batch, timeline, weather } = history;
  for (const job of batch.jobs) {
    if (!batch.isAlive(job)) continue;
    const wanted = isWanted(history, job);
    const hung = batch.isHung(job);
    if (wanted && !hung && !batch.isStarved(job, 2)) {
      job.inVainSince = undefined;
      continue;
    }
    job.inVainSince ??= timeline.now;
    const seen = weather.until + (hung ? LIMITS.hangSeconds[job.at.stage] * 1000 : 0);
    if (timeline.now - Math.max(job.inVainSince, seen) > MINUTES_TO_REPAIR * 60_000)
      history.violated(
        `${job.id} is alive ${wanted ? 'and gets nowhere' : 'and nobody waits for it'} after ${MINUTES_TO_REPAIR} calm minutes`,
      );
  }
};
