import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import { jobName } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../client/api.ts';
import { follow } from '../client/follow.ts';
import { isCheckpointed } from '../drill/checkpointed.ts';
import { plantInBatch } from '../drill/fault-routes.ts';
import { recoveryOf, type Sample, sampleOf, seconds, workLost } from '../drill/figures.ts';
import { lastReports } from '../drill/last-reports.ts';
import type { TierRecord } from '../tier/tier-record.ts';

/** What a reclaimed training host cost. */
export type Interruption = {
  /** Done when the host was told. */
  reclaimedAtStep: number;
  resumedFromStep: number;
  lostSteps: number;
  /** From the notice to the exit of the stage, which comes after its checkpoint was committed. */
  exitSeconds: number | null;
  /** From the notice to the first new step. */
  recoverySeconds: number | null;
  /** What of that was neither the start of a process up to its first step nor a wait for a slot of this machine. */
  beyondStartSeconds: number | null;
  /** Name of the job queue that training went on in. */
  queue: string;
};

const POLL_MS = 400;
/** What EC2 gives. The stage needs a few of them; it does not wait for their end. */
const NOTICE_SECONDS = 120;

const firstCheckpoint = async (api: Api, id: string, signal: AbortSignal): Promise<boolean> => {
  while (!signal.aborted) {
    if (await isCheckpointed(api, id)) return true;
    const { status, stages } = await api.experiment(id);
    if (isFinal(status) || stages.train) return false;
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
};

/** Reclaims the host of training once there is a checkpoint, follows the experiment to its end and says what was lost; undefined when nothing was reclaimed. */
export const interruptTraining = async (
  api: Api,
  tier: TierRecord,
  id: string,
  signal: AbortSignal,
): Promise<Interruption | undefined> => {
  if (!(await firstCheckpoint(api, id, signal))) return undefined;
  const job = jobName({ experimentId: id, run: 1, stage: 'train', attempt: 1 });
  const { progress } = await api.experiment(id);
  const reclaimedAt = Date.now();
  await plantInBatch(tier, 'hosts/reclaim', { jobName: job, noticeSeconds: NOTICE_SECONDS });
  const samples: Sample[] = [];
  for await (const experiment of follow(api, id, signal)) {
    if (experiment.progress?.stage === 'train') samples.push(sampleOf(experiment.progress, Date.now()));
    if (!isFinal(experiment.status)) continue;
    const [killed, resumed] = experiment.attempts.filter(({ stage }) => stage === 'train');
    const resumedFromStep = experiment.stages.train?.resumedFromStep;
    if (!killed || !resumed || resumedFromStep === undefined || resumedFromStep === null) return undefined;
    const reports = [...samples, ...(await lastReports(api, experiment))];
    const { recoverySeconds, beyondStartSeconds } = recoveryOf(experiment, reports, reclaimedAt);
    return {
      reclaimedAtStep: progress?.stage === 'train' ? progress.step : 0,
      resumedFromStep,
      lostSteps: workLost(reports).lostSteps,
      exitSeconds: killed.stoppedAt === null ? null : seconds(Date.parse(killed.stoppedAt) - reclaimedAt),
      recoverySeconds,
      beyondStartSeconds,
      queue: resumed.queue,
    };
  }
  return undefined;
};
