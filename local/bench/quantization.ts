/**
 * `npm run bench:quantization`: our tournament against optimum-cli and Olive on one exported model, its calibration rows and this machine.
 * About ten minutes on two cores. Olive lives in an environment of its own, made by this command.
 */
import { textRequest } from '../evaluation/cells.ts';
import { runPeerBench } from './peer-bench.ts';

await runPeerBench({
  command: 'bench-quantization',
  program: 'local/bench/quantization_duel.py',
  plan: { request: textRequest({ epochs: 1, maxRows: 3_200 }), seconds: 90 },
});
