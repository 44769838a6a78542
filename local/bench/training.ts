/**
 * `npm run bench:training`: our train stage against a stock transformers Trainer script, three interleaved pairs on the same rows of the text
 * task. About a quarter of an hour on two cores.
 */
import { runPeerBench } from './peer-bench.ts';

/** One epoch of 3,200 rows takes either side one to two minutes: three pairs and their test rows fit into a quarter of an hour. */
await runPeerBench({
  command: 'bench-training',
  program: 'local/bench/training_pairs.py',
  train: { epochs: 1 },
  plan: { pairs: 3, rows: 3_200 },
});
