import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../tier/paths.ts';
import { NPM_LOCK } from './environments.ts';
import { lockedInNpm, type NpmLock, productionLock } from './locked.ts';
import type { Sbom } from './sbom.ts';

/** What npm makes of its lock, and the packages that the lock names; without those of development alone where `production` is set. */
export const npmSbom = ({ production }: { production: boolean }): { sbom: Sbom; locked: string[] } => {
  const whole = JSON.parse(readFileSync(join(ROOT, NPM_LOCK), 'utf8')) as NpmLock;
  const lock = production ? productionLock(whole) : whole;
  return { sbom: sbomOf(lock), locked: lockedInNpm(lock) };
};

/**
 * A lock without development in a folder of its own, not `npm sbom --omit dev`: that leaves out what development shares (24 of 57 packages, in
 * npm 11), and of a package that lies in two folders it describes whichever comes first, be it one that is not delivered.
 */
const sbomOf = (lock: NpmLock): Sbom => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-sbom-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(lock.packages['']));
    writeFileSync(join(folder, NPM_LOCK), JSON.stringify(lock));
    const answer = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(answer) as Sbom;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
