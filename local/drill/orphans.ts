import { setTimeout as sleep } from 'node:timers/promises';
import { STAGE_ENV } from '../../functions/shared/contracts/names.ts';
import { processesWith } from '../batch/attempts/process-tree.ts';
import { executionIsRunning, type FaultOperator, liveJobs } from './fault-operator.ts';

/** The last process of a job that was ended a moment ago, or its execution, may still be on its way out. */
const GONE_WITHIN_MS = 15_000;
const POLL_MS = 500;

/** What is left of an experiment that has ended: jobs, processes that carry its name, executions. Each a word for the report. */
export const orphansOf = async (
  operator: FaultOperator,
  stateMachineArn: string,
  { id, run }: { id: string; run: number },
): Promise<string[]> => {
  for (const until = Date.now() + GONE_WITHIN_MS; ; await sleep(POLL_MS)) {
    const runs = Array.from({ length: run }, (_, index) => index + 1);
    const [jobs, processes, executions] = await Promise.all([
      liveJobs(operator, id),
      processesWith(STAGE_ENV.experimentId, id),
      Promise.all(runs.map(async (each) => ((await executionIsRunning(operator, stateMachineArn, id, each)) ? [each] : []))),
    ]);
    const found = [
      ...jobs.map((name) => `job ${name}`),
      ...processes.map((pid) => `process ${pid}`),
      ...executions.flat().map((each) => `execution of run ${each}`),
    ];
    if (found.length === 0 || Date.now() > until) return found;
  }
};
