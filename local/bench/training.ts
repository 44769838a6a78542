/**
 * `npm run bench:training`: our train stage against a stock transformers Trainer script, three interleaved pairs on the same rows of the text
 * task. About a quarter of an hour on two cores.
 */
import { textRequest } from '../evaluation/cells.ts';
import { runPeerBench } from './peer-bench.ts';

/** What a user in a hurry asks for: the lowest two of MiniLM's six layers, and its embeddings, stay as they are. */
const FROZEN_LAYERS = 2;

/** One epoch of 3,200 rows takes either side one to two minutes: three pairs and their test rows fit into a quarter of an hour. */
await runPeerBench({
  command: 'bench-training',
  program: 'local/bench/training_pairs.py',
  plan: { request: textRequest({ epochs: 1, frozenLayers: FROZEN_LAYERS }), pairs: 3, rows: 3_200 },
});
