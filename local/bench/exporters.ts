/**
 * `npm run bench:exporters`: the two exporters of Hugging Face on MiniLM and on a small model of each architecture: which they can export,
 * how exactly, and how fast the result is. About nine minutes on two cores. transformers 5 lives in an environment of its own, made by this
 * command.
 */
import { join } from 'node:path';
import { DOT } from '../tier/paths.ts';
import { runPeerBench } from './peer-bench.ts';

await runPeerBench({
  command: 'bench-exporters',
  program: 'local/bench/exporter_duel.py',
  plan: { base: join(DOT, 'demo-data/base-model'), seconds: 30 },
});
