import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import type { Api } from './api.ts';
import type { Experiment } from './api-types.ts';

const POLL_MS = 400;

/** Yields the experiment each time it is asked for, until it has reached a final status or the signal is aborted. */
export async function* follow(api: Api, id: string, signal?: AbortSignal): AsyncGenerator<Experiment> {
  while (!signal?.aborted) {
    const experiment = await api.experiment(id);
    yield experiment;
    if (isFinal(experiment.status)) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}
