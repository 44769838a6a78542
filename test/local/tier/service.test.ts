import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startService } from '../../../local/tier/service.ts';

const start = (script: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-service-'));
  return startService({ name: 'It', argv: [process.execPath, '-e', script], env: {}, cwd: folder, log: join(folder, 'log') });
};

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a service of the tier', () => {
  it('is up when it says so and gone when it was stopped', async () => {
    const service = await start(`console.log(JSON.stringify({ ready: true })); setInterval(() => {}, 1000)`);
    expect(alive(service.pid)).toBe(true);
    await service.stop();
    await service.exited;
    expect(alive(service.pid)).toBe(false);
  });

  it('that cannot start is reported by its own sentence', async () => {
    await expect(start(`console.error('Port 1 is in use.'); process.exit(2)`)).rejects.toThrow(/^Port 1 is in use\.$/);
  });

  it('that crashes at its start is reported with exit code and log', async () => {
    await expect(start(`console.error('boom'); process.exit(1)`)).rejects.toThrow(
      /It ended at its start with exit code 1; see .*log\. It said: boom/,
    );
  });
});
