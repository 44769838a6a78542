import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../local/tier/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'images-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { stdout: string; stderr: string; code?: number };

const images = (args: string[], path: string = folder): Promise<Ended> =>
  promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/images/build.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, PATH: path },
  }).catch((error: Ended) => error);

/** A Docker that says what the real one says in that state. */
const aDocker = (told: string): string => {
  const path = mkdtempSync(join(folder, 'docker-'));
  writeFileSync(join(path, 'docker'), `#!/bin/sh\necho "${told}" >&2\nexit 1\n`);
  chmodSync(join(path, 'docker'), 0o755);
  return path;
};

describe('npm run images', () => {
  it.concurrent('says every command that it would run, without Docker and without a network', async () => {
    const { stdout } = await images(['--print', '--tag', '1.2.3']);
    const commands = stdout.trim().split('\n');
    expect(commands.map((command) => / --tag (\S+) \.$/.exec(command)?.[1])).toEqual([
      'spotforge/data:1.2.3',
      'spotforge/training:1.2.3',
      'spotforge/optimization:1.2.3',
    ]);
  });

  it.concurrent.each([
    ['no Docker', folder, 'Cannot find docker: install Docker with buildx'],
    ['a Docker without buildx', aDocker('docker: unknown command: docker buildx'), 'install the plug-in docker-buildx'],
    ['a Docker that does not run', aDocker('Cannot connect to the Docker daemon at unix:///x.'), 'start its daemon'],
    ['a Docker with a trouble of its own', aDocker('no space left on device'), 'no space left on device'],
  ])('names what to do with %s', async (_state, path, sentence) => {
    const { code, stderr } = await images(['data'], path);
    expect(code).toBe(1);
    expect(stderr).toContain(`spotforge: `);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^ +at /m); // no stack
  });
});
