import { cancellation } from '../../../../functions/experiments/cancel-experiment.ts';
import { resumption } from '../../../../functions/experiments/resumption.ts';
import { startRun } from '../../../../functions/experiments/start-run.ts';
import { STAGES } from '../../../../functions/shared/contracts/names.ts';
import type { SimulatedHistory } from './simulated-history.ts';
import type { Execution } from './simulated-step-functions.ts';

/** Of the latest moment at which somebody does something. */
const LATEST_SECONDS = 1_000;

const cancel = ({ invoke, experiment: { id } }: SimulatedHistory): Promise<void> =>
  invoke('cancel-experiment', async ({ store, runs }) => {
    const { status, run } = await store.experiments.change(id, cancellation);
    if (status === 'cancelling') await runs.stop(id, run, 'Cancelled by its owner.');
  });

/** Resumes, unless there is nothing to resume; now and then a stored result no longer holds. */
const resume = ({ invoke, chance, experiment: { id } }: SimulatedHistory, nth: string): Promise<void> => {
  const broken = chance.strikes(`a result does not hold any more${nth}`, 0.3);
  return invoke(`resume-experiment${nth}`, async ({ store, runs }) => {
    const experiment = await store.experiments.get(id);
    if (experiment?.status !== 'failed' && experiment?.status !== 'cancelled') return;
    const { inputs = {} } = experiment;
    const unfinished = STAGES.findIndex((stage) => inputs[stage] === undefined);
    const done = STAGES.slice(0, unfinished < 0 ? STAGES.length : unfinished);
    const manifests = Object.fromEntries(
      (broken ? done.slice(0, -1) : done).map((stage): [string, string] => [stage, inputs[stage] ?? '']),
    );
    const resumed = await store.experiments.write(experiment, resumption(experiment, { manifests }));
    await startRun({ store: store.experiments, runs }, resumed);
  });
};

/** What people do to an experiment, through the API and in the AWS console. */
export const people = (history: SimulatedHistory): void => {
  const { chance, timeline, stepFunctions } = history;
  const someday = (what: string, probability: number, act: () => void | Promise<void>): void => {
    if (!chance.strikes(what, probability)) return;
    timeline.after(LATEST_SECONDS ** chance.at(`${what} at`), act);
  };
  const onExecution = (act: (execution: Execution) => void) => (): void => {
    const { execution } = history;
    if (execution && stepFunctions.isRunning(execution)) act(execution);
  };
  for (const nth of ['', ' once more']) someday(`a user cancels${nth}`, 0.12, () => cancel(history));
  for (const nth of ['', ' once more', ' a third time']) someday(`a user resumes${nth}`, 0.2, () => resume(history, nth));
  someday(
    'somebody stops the execution in the console',
    0.1,
    onExecution((it) => stepFunctions.end(it, 'ABORTED')),
  );
  someday(
    'the execution takes too long',
    0.03,
    onExecution((it) => stepFunctions.end(it, 'TIMED_OUT')),
  );
  someday(
    'the execution is deleted',
    0.05,
    onExecution((it) => stepFunctions.remove(it)),
  );
};
