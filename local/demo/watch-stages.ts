import { setTimeout as sleep } from 'node:timers/promises';
import { Listr, type ListrTask } from 'listr2';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import { STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../client/api.ts';
import type { Experiment } from '../client/api-types.ts';
import { follow } from '../client/follow.ts';
import { isDone, stageLine } from './stage-line.ts';

const REDRAW_MS = 200;
/** Without a terminal a running stage says where it is this often. */
const LOG_MS = 10_000;

class StageEnded extends Error {}

/** Follows an experiment with one line a stage: redrawn in a terminal, printed line by line elsewhere. Answers its final view. */
export const watchStages = async (api: Api, id: string, signal: AbortSignal): Promise<Experiment> => {
  let latest: Experiment | undefined;
  const following = (async () => {
    for await (const experiment of follow(api, id, signal)) latest = experiment;
  })();
  let over = false;
  const end = (): void => {
    over = true;
  };
  following.then(end, end); // a failure is reported below, where it is awaited
  const terminal = process.stdout.isTTY === true;

  const task = (stage: Stage): ListrTask => ({
    title: stageLine(undefined, stage, Date.now()),
    task: async (_, self) => {
      let printed = Date.now();
      while (!(latest && isDone(latest, stage))) {
        if (over) throw new StageEnded(signal.aborted ? 'interrupted' : (latest?.failure?.error ?? latest?.status));
        const line = stageLine(latest, stage, Date.now());
        if (terminal) self.title = line;
        else if (Date.now() - printed > LOG_MS) {
          printed = Date.now();
          console.log(`  ${line}`);
        }
        await sleep(REDRAW_MS);
      }
      self.title = stageLine(latest, stage, Date.now());
    },
  });
  const lines = new Listr(STAGES.map(task), {
    exitOnError: true,
    registerSignalListeners: false,
    fallbackRenderer: 'simple',
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
  });
  await lines.run().catch((error: unknown) => {
    if (!(error instanceof StageEnded)) throw error;
  });
  await following;
  if (!latest || !(isFinal(latest.status) || signal.aborted)) throw new Error(`${id} could not be followed to its end`);
  return latest;
};
