import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tier/paths.ts';
import { lockedInCargo } from './locked.ts';
import type { Sbom } from './sbom.ts';

const PYTHON = join(ROOT, '.venv-audit/bin/python');
const PROGRAM = join(ROOT, 'local/sbom/cargo_lock.py');

/** What cyclonedx-python-lib writes of the crates in a Cargo.lock, and the crates that the lock names. */
export const cargoSbom = (lock: string): { sbom: Sbom; locked: string[] } => ({
  sbom: JSON.parse(execFileSync(PYTHON, [PROGRAM, join(ROOT, lock)], { encoding: 'utf8', maxBuffer: 2 ** 26 })) as Sbom,
  locked: lockedInCargo(readFileSync(join(ROOT, lock), 'utf8')),
});
