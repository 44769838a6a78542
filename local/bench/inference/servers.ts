import { join } from 'node:path';
import { serverEnvironment } from '../../inference/server-binary.ts';
import { ROOT } from '../../tier/paths.ts';
import { FASTAPI, OURS } from './rows.ts';
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

const peer = (name: string, ready: string, argv: (port: number) => readonly string[], bundle: string): Server => ({
  name,
  argv,
  env: { ...ONE_THREAD, BUNDLE: bundle, PYTHONPATH: PEERS, HOME: process.env.HOME ?? '' },
  ready,
});

export const peers = ({ bundle }: Served): Server[] => [
  peer(FASTAPI, '/readyz', (port) => [PYTHON, join(PEERS, 'serve_fastapi.py'), String(port)], bundle),
  peer('mosec', '/', (port) => [PYTHON, join(PEERS, 'serve_mosec.py'), '--address', '127.0.0.1', '--port', String(port)], bundle),
];
