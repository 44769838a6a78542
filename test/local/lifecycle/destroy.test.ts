import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../local/tier/paths.ts';

const destroy = (...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'local/lifecycle/destroy.ts'), ...args], { encoding: 'utf8' });

describe('taking a deployment away', () => {
  it('does nothing until its name is confirmed, and says what would go', () => {
    const { status, stderr } = destroy('--stage', 'dev', '--confirm', 'spotforge');
    expect(stderr).toBe(
      'spotforge: This takes spotforge-dev away, with its datasets, experiments, releases and users. Say that you mean it: --confirm spotforge-dev. Nothing was done.\n',
    );
    expect(status).toBe(1);
  });

  it('does nothing to one that is protected', () => {
    const { status, stderr } = destroy('--stage', 'prod', '--confirm', 'spotforge-prod');
    expect(stderr).toContain('spotforge-prod is protected (terminationProtection)');
    expect(status).toBe(1);
  });
});
