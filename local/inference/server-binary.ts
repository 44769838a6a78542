import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ONNXRUNTIME_LIBRARY } from '../setup/onnxruntime-library.mjs';
import type { Ticker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { CRATES, RELEASE_BINARY } from './release-binary.ts';

const LAST_LINES = 20;

/** Cargo's word for what it does, of the lines it prints: `Compiling ort v2.0.0`, `Building [==> ] 12/340`. */
const WORK = /^\s*(Compiling|Building|Checking|Downloaded|Finished) (.*)/;

/**
 * Builds the server's release binary from what is checked out, which takes minutes the first time and a second when nothing has changed; answers
 * its path. TierFailure with the compiler's last words, or when this machine has no cargo.
 */
export const buildServer = async (ticker: Ticker): Promise<string> => {
  if (ONNXRUNTIME_LIBRARY === undefined || !existsSync(ONNXRUNTIME_LIBRARY))
    throw new TierFailure(
      'The inference server cannot be built here: it needs glibc Linux and Rust ≥ 1.94.1. Install Rust and run the command again.',
    );
  ticker.doing('building the inference server (about six minutes the first time)');
  const child = spawn('cargo', ['build', '--release', '--locked', '--offline'], {
    cwd: CRATES,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const lines: string[] = [];
  let crates = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    const [, verb, what] = WORK.exec(line) ?? [];
    if (verb === 'Compiling') crates += 1;
    if (verb) ticker.doing(`building the inference server: ${crates} crates, ${verb.toLowerCase()} ${what}`);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT' ? new TierFailure('Cannot find cargo: install Rust ≥ 1.94.1 and run the command again.') : error,
      ),
    );
    child.once('close', resolve);
  });
  ticker.doing('');
  if (code !== 0) throw new TierFailure(`cargo build ended with ${code}:\n${lines.slice(-LAST_LINES).join('\n')}`);
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
