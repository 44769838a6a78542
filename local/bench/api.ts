/** `npm run bench:api`: what a warm call costs on the local tier. Every experiment is cancelled at once, and over before the next is posted. */
import { performance } from 'node:perf_hooks';
import { follow } from '../client/follow.ts';
import { apiOfTier } from '../client/tier-api.ts';
import { uploadFiles } from '../client/upload-files.ts';
import { DATA, demoSpec } from '../demo/recipe.ts';
import { borrowTier } from '../tier/borrow-tier.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { type Latency, latencyOf } from './latency.ts';

const WARM_UP = 3;
const REQUESTS = 40;

const timed = async <T>(times: number[], call: () => Promise<T>): Promise<T> => {
  const started = performance.now();
  const answer = await call();
  times.push(performance.now() - started);
  return answer;
};

await runCommand(async () => {
  const tier = await borrowTier({ name: 'local' });
  try {
    const api = await apiOfTier(tier.record);
    const [dataset, base] = await Promise.all([uploadFiles(api, DATA.ratings), uploadFiles(api, DATA.baseModel)]);
    const times: Record<'post' | 'get' | 'list' | 'delete', number[]> = { post: [], get: [], list: [], delete: [] };
    for (let i = 0; i < WARM_UP + REQUESTS; i++) {
      if (i === WARM_UP) for (const measured of Object.values(times)) measured.length = 0;
      const { id } = await timed(times.post, () => api.createExperiment(demoSpec(dataset, base)));
      await timed(times.get, () => api.experiment(id));
      await timed(times.list, () => api.experiments('?limit=20'));
      await timed(times.delete, () => api.cancel(id));
      for await (const { status } of follow(api, id)) if (status === 'cancelled') break;
      if (i % 10 === 9) console.log(`${i + 1} of ${WARM_UP + REQUESTS} experiments posted and cancelled`);
    }
    const figures: Record<string, Latency> = Object.fromEntries(Object.entries(times).map(([call, ms]) => [call, latencyOf(ms)]));
    keepFigures('bench-api', figures);
    for (const [call, { requests, p50Ms, p95Ms, maxMs }] of Object.entries(figures)) {
      console.log(`${call.padEnd(7)} ${requests} warm requests: p50 ${p50Ms} ms, p95 ${p95Ms} ms, longest ${maxMs} ms`);
    }
  } finally {
    await tier.stop();
  }
});
process.exit();
