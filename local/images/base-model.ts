import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import type { BaseModel } from './build-command.ts';

const PACKAGES = ['runtime', 'data'].map((name) => join(ROOT, 'containers', name));

/**
 * A folder to bake in, and the hash that stages look for. The stages' own code computes it: they know which files they take.
 * @throws TierFailure for a folder that they would not take as it is
 */
export const baseModelIn = (given: string): BaseModel => {
  const folder = resolve(process.env.INIT_CWD ?? '.', given);
  const { status, stdout, stderr } = spawnSync(
    join(ROOT, '.venv/bin/python'),
    [join(ROOT, 'local/images/base_model.py'), folder],
    {
      env: { PYTHONPATH: PACKAGES.join(':') },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new TierFailure(`Cannot bake in ${folder}: ${stderr.trim()}`);
  return { folder, sha256: stdout.trim() };
};
