import { type BatchClient, CancelJobCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { Executions } from '../experiments/executions.ts';
import { startRun } from '../experiments/start-run.ts';
import { isNamed } from '../shared/aws-errors.ts';
import { type Clock, instantOf } from '../shared/clock.ts';
import type { FailureCause } from '../shared/contracts/stage-documents.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { Action, ActionOf } from './actions.ts';
import { experimentChange } from './experiment-change.ts';
import type { StageStore } from './stage-store.ts';

export type Hands = { store: StageStore; runs: Executions; stepFunctions: SFNClient; batch: BatchClient; clock: Clock };

/** Somebody else has told the execution, it has moved on, or it is over. */
const ALREADY_OVER = ['TaskDoesNotExist', 'TaskTimedOut'];

const tolerating = async (names: readonly string[], call: Promise<unknown>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (!isNamed(error, ...names)) throw error;
  }
};

const causeOf = ({ decision }: ActionOf<'FailTask'>): FailureCause => ({
  action: decision.action === 'end' ? 'fail' : decision.action,
  rung: decision.rung,
  microBatchDivisor: decision.microBatchDivisor,
  delaySeconds: decision.delaySeconds,
  message: decision.message,
});

/** History that belongs to a write of the attempt: whoever loses that write leaves it to the winner. */
const belongsToAttempt = (action: Action): boolean =>
  action.type === 'NoteStarted' ||
  (action.type === 'KeepFailure' && (action.decision.action === 'again' || action.decision.action === 'end'));

/**
 * Carries out what `reconcile` decided for one experiment. Every action may have been carried out before, or be under way elsewhere. What is stored comes
 * first, so that whoever is told next finds it; then the outside; then what may only be said once the outside knows.
 */
export const carryOut = async (
  { store, runs, stepFunctions, batch, clock }: Hands,
  experiment: ExperimentItem | undefined,
  actions: readonly Action[],
): Promise<void> => {
  const of = <T extends Action['type']>(type: T): ActionOf<T>[] =>
    actions.filter((action): action is ActionOf<T> => action.type === type);

  const change = async (wanted: readonly Action[]): Promise<void> => {
    if (!experiment) return;
    const decide = (stored: ExperimentItem) => experimentChange(stored, wanted, instantOf(clock.now()));
    const first = decide(experiment);
    if (!first) return;
    try {
      // What was read a moment ago is nearly always still true: one round trip less than reading again.
      await store.experiments.write(experiment, first);
    } catch (error) {
      if (!isNamed(error, 'ConcurrentChange', 'TransactionConflictException')) throw error;
      await store.experiments.change(experiment.id, decide);
    }
  };

  const keep = async (): Promise<void> => {
    const closings = of('Close');
    const stored = actions.filter((action) => !closings.some((closing) => closing === action));
    const writes = of('WriteAttempt');
    if (!stored.some(belongsToAttempt)) {
      await Promise.all([...writes.map((write) => store.writeAttempt(write)), change(stored)]);
      return;
    }
    const results = await Promise.all(writes.map((write) => store.writeAttempt(write)));
    await change(results.every((written) => written) ? stored : stored.filter((action) => !belongsToAttempt(action)));
  };

  const complete = async ({ at, jobId, taskToken, manifest }: ActionOf<'CompleteTask'>): Promise<void> => {
    const output = JSON.stringify({ manifest });
    await tolerating(ALREADY_OVER, stepFunctions.send(new SendTaskSuccessCommand({ taskToken, output })));
    await store.markReported(at, jobId);
  };

  const fail = async (action: ActionOf<'FailTask'>): Promise<void> => {
    const { at, jobId, taskToken, decision } = action;
    const cause = JSON.stringify(causeOf(action));
    await tolerating(ALREADY_OVER, stepFunctions.send(new SendTaskFailureCommand({ taskToken, error: decision.error, cause })));
    await store.markReported(at, jobId);
  };

  await Promise.all([keep(), ...of('KeepProgress').map(({ progress }) => store.keepProgress(progress))]);
  await Promise.all([
    ...of('CompleteTask').map(complete),
    ...of('FailTask').map(fail),
    ...(experiment
      ? of('StartExecution').map(({ run }) => startRun({ store: store.experiments, runs }, { ...experiment, run }))
      : []),
    ...(experiment ? of('StopExecution').map(({ run }) => runs.stop(experiment.id, run, 'The experiment was cancelled.')) : []),
    // Batch answers the same for a job that has ended long ago.
    ...of('TerminateJob').map(({ jobId, reason }) => batch.send(new TerminateJobCommand({ jobId, reason }))),
    ...of('CancelJob').map(({ jobId, reason }) => batch.send(new CancelJobCommand({ jobId, reason }))),
  ]);
  const closings = of('Close');
  if (closings.length > 0 && experiment)
    await store.experiments.change(experiment.id, (stored) => experimentChange(stored, closings, instantOf(clock.now())));
};
