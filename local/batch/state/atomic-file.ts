import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * Replaces a file's content so that a kill at any moment leaves the old or the new text, never a part. Without fsync: the kernel
 * keeps the pages of a killed process; only a power cut could lose the last write, and a laptop's jobs are lost with it anyway.
 */
export function writeAtomically(path: string, value: unknown): void {
  const draft = `${path}.new`;
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, path);
}

/** The parsed file, or undefined when there is none. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
