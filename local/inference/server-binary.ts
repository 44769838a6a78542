import { existsSync } from 'node:fs';
import { ONNXRUNTIME_LIBRARY } from '../setup/onnxruntime-library.mjs';
import type { Ticker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { RELEASE_BINARY } from './release-binary.ts';
import { runCargo } from './run-cargo.ts';

/**
 * Builds the server's release binary from what is checked out, which takes minutes the first time and a second when nothing has changed; answers
 * its path. TierFailure with the compiler's last words, or when this machine has no cargo.
 */
export const buildServer = async (ticker: Ticker): Promise<string> => {
  if (ONNXRUNTIME_LIBRARY === undefined || !existsSync(ONNXRUNTIME_LIBRARY))
    throw new TierFailure(
      'The inference server cannot be built here: it needs glibc Linux and Rust ≥ 1.94.1. Install Rust and run the command again.',
    );
  const { code, lastWords } = await runCargo(ticker, 'building the inference server (about eight minutes the first time)', [
    'build',
    '--release',
    '--locked',
    '--offline',
  ]);
  if (code !== 0) throw new TierFailure(`cargo build ended with ${code}:\n${lastWords}`);
  return RELEASE_BINARY;
};

/**
 * How glibc is to manage memory, which a process cannot be told by a flag: what is as large as a weight goes back to the system when a model has been
 * read or let go, and the few threads share two heaps. The image sets the same.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_ARENA_MAX: '2' };

/** What the server's process needs beside its flags. */
export const serverEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  ORT_DYLIB_PATH: ONNXRUNTIME_LIBRARY ?? '',
  ...ALLOCATOR,
});
