import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import type { StageError } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../client/api.ts';
import type { Experiment } from '../client/api-types.ts';
import type { DrillGround } from './drill-ground.ts';
import { NO_RECOVERY, recoveryOf, type Sample, sampleOf, workLost } from './figures.ts';
import { lastReports } from './last-reports.ts';
import type { Row } from './matrix.ts';
import { orphansOf } from './orphans.ts';
import { Scene } from './scene.ts';
import type { Seen } from './verdict.ts';

const POLL_MS = 1_000;

/** Asks until the experiment has ended. A fault may refuse the asker as well: that is no reason to give up. */
const watch = async (api: Api, id: string, signal: AbortSignal, saw: (experiment: Experiment) => void): Promise<Experiment> => {
  for (;;) {
    signal.throwIfAborted();
    const experiment = await api.experiment(id).catch(() => undefined);
    if (experiment) saw(experiment);
    if (experiment && isFinal(experiment.status)) return experiment;
    await sleep(POLL_MS, undefined, { signal });
  }
};

/** How the attempts of a stage that did not succeed ended, in order, by the experiment's history. */
const errorsOf = async (api: Api, id: string, stage: Row['stage']): Promise<StageError[]> => {
  const { items } = await api.events(id, '?limit=100');
  return items
    .filter((event) => event.stage === stage && /^stage\.(failed|rejected|cancelled)$/.test(event.type))
    .sort((a, b) => a.at.localeCompare(b.at))
    .map(({ message }) => (/^Stage\.\w+/.exec(message)?.[0] ?? message) as StageError);
};

/** Resumes what has ended and watches it to its second end. */
const resume = async (
  api: Api,
  ended: Experiment,
  signal: AbortSignal,
  saw: (experiment: Experiment) => void,
): Promise<Experiment> => {
  if (ended.status !== 'failed' && ended.status !== 'cancelled') return ended;
  await api.resume(ended.id);
  return watch(api, ended.id, signal, saw);
};

/** Runs the experiment of one row to its end: plants its fault, watches, and looks what came of it. */
export const runRow = async (ground: DrillGround, row: Row, signal: AbortSignal): Promise<Seen> => {
  const { api, operator, stateMachineArn, restart } = ground;
  const startedAt = Date.now();
  const id = await ground.submit(row);
  const ended = new AbortController();
  const scene = new Scene(
    { id, stage: row.stage, api, operator, stateMachineArn, restart },
    AbortSignal.any([signal, ended.signal]),
  );
  const samples: Sample[] = [];
  const planted = row.plant(scene).catch((error: unknown) => {
    if (!ended.signal.aborted) throw error; // it was over before the fault could be planted: the verdict says so
    return undefined;
  });
  const saw = ({ progress }: Experiment): void => {
    if (progress?.stage === 'train') samples.push(sampleOf(progress, Date.now()));
  };
  const watched = watch(api, id, signal, saw);
  watched.then(
    () => ended.abort(),
    () => ended.abort(),
  );
  const [faultAt, first] = await Promise.all([planted, watched]);
  const errors = await errorsOf(api, id, row.stage);
  const experiment = row.expected.resumed ? await resume(api, first, signal, saw) : first;
  const attempts = experiment.attempts.filter(({ run, stage }) => run === 1 && stage === row.stage);
  const hit = attempts[0]?.stoppedAt;
  const at = faultAt ?? (hit ? Date.parse(hit) : startedAt);
  const reports = [...samples, ...(row.stage === 'train' ? await lastReports(api, experiment) : [])];
  const orphans = await orphansOf(operator, stateMachineArn, experiment);
  return {
    experimentId: id,
    status: first.status,
    errors,
    resumedStatus: experiment === first ? null : experiment.status,
    message: experiment.failure?.message ?? null,
    attempts: attempts.length,
    weights: row.stage === 'train' ? (experiment.stages.train?.modelSha256 ?? null) : null,
    ...(row.stage === 'train' ? workLost(reports) : { lostSteps: 0, lostSeconds: 0 }),
    ...(row.fault === 'none' ? NO_RECOVERY : recoveryOf(experiment, reports, at)),
    orphans,
    seconds: Math.round((Date.now() - startedAt) / 1000),
  };
};
