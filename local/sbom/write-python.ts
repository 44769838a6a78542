import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tier/paths.ts';
import { lockedInRequirements } from './locked.ts';
import type { Sbom } from './sbom.ts';

const CYCLONEDX = join(ROOT, '.venv-audit/bin/cyclonedx-py');
const ARGUMENTS = ['requirements', '--output-reproducible', '--schema-version', '1.6', '--output-format', 'JSON'];

/** What cyclonedx-bom makes of a lock, and the packages that the lock names. It reads the lock alone, not what is installed. */
export const pythonSbom = (lock: string): { sbom: Sbom; locked: string[] } => ({
  sbom: JSON.parse(execFileSync(CYCLONEDX, [...ARGUMENTS, lock], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 })) as Sbom,
  locked: lockedInRequirements(readFileSync(join(ROOT, lock), 'utf8')),
});
