import { join } from 'node:path';
import { serverEnvironment } from '../../inference/server-binary.ts';
import { ROOT } from '../../tier/paths.ts';
import { FASTAPI, FASTAPI_IN_LOOP, OURS } from './rows.ts';
import type { Server } from './server-process.ts';

const PEERS = join(ROOT, 'local/bench/peers');
const PYTHON = join(ROOT, '.venv-serving-peers/bin/python');
/** One core is one worker with one thread. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', RAYON_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' };

export type Served = {
  binary: string;
  bundles: string;
  bundle: string;
  state: string;
  token: string;
  precision: 'int8' | 'fp32';
};

/** Ours with what it comes with, but for the number of workers, which follows the cores of a host. */
export const ourServer = ({ binary, bundles, state, token, precision }: Served): Server => ({
  name: OURS,
  argv: (port) => [
    binary,
    'serve',
    ...['--bundles', bundles, '--state', state, '--port', String(port)],
    ...['--precision', precision, '--workers', '1', '--threads-per-worker', '1', '--drain-wait-seconds', '0'],
  ],
  env: { ...serverEnvironment(), SPOTFORGE_ADMIN_TOKEN: token, SPOTFORGE_LOG: 'warn' },
  ready: '/readyz',
});

const peer = (
  bundle: string,
  name: string,
  ready: string,
  script: string,
  options: (port: number) => readonly string[],
): Server => ({
  name,
  argv: (port) => [PYTHON, join(PEERS, script), ...options(port)],
  env: { ...ONE_THREAD, BUNDLE: bundle, PYTHONPATH: PEERS, HOME: process.env.HOME ?? '' },
  ready,
});

export const peers = ({ bundle }: Served): Server[] => [
  peer(bundle, FASTAPI, '/readyz', 'serve_fastapi.py', (port) => [String(port)]),
  peer(bundle, FASTAPI_IN_LOOP, '/readyz', 'serve_fastapi.py', (port) => [String(port), '--in-event-loop']),
  peer(bundle, 'mosec', '/', 'serve_mosec.py', (port) => ['--address', '127.0.0.1', '--port', String(port)]),
];
