import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Bundle } from '../../../functions/shared/contracts/bundle.ts';
import { greeting } from '../../../local/inference/greeting.ts';
import type { LocalBundle } from '../../../local/inference/local-bundles.ts';
import { readOptions } from '../../../local/inference/serve-options.ts';
import { ROOT } from '../../../local/tier/paths.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const aBundle = (version: number, task: Bundle['task'] = 'text-ordinal'): LocalBundle => ({
  folder: '/bundle',
  bundle: { tenant: 'acme', name: 'sentiment', version, task, preferred: 'int8' } as Bundle,
});

describe('npm run serve', () => {
  it('takes the newest bundle and port 8080 unless told otherwise', () => {
    expect(readOptions([])).toEqual({ bundle: undefined, port: 8080 });
    expect(readOptions(['--bundle', 'here', '--port', '9000'])).toEqual({ bundle: 'here', port: 9000 });
  });

  it.each([
    [['--port', '0'], '--port wants a number from 1 to 65535, not "0"'],
    [['--port', 'http'], '--port wants a number'],
    [['--bundles', 'here'], "Unknown option '--bundles'"],
  ])('refuses %j', (args, sentence) => {
    expect(() => readOptions(args)).toThrow(sentence);
  });

  it('says which folder holds no bundle, before it builds anything', async () => {
    const argv = ['--disable-warning=ExperimentalWarning', 'local/inference/serve.ts', '--bundle', '/no/such/folder'];
    const { code, stderr } = await promisify(execFile)(process.execPath, argv, { cwd: ROOT }).catch((error) => error);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^spotforge: \/no\/such\/folder holds no bundle: /),
    });
  });
});

describe('what a person sees when the server answers', () => {
  it('is the model and a line that asks it', () => {
    const lines = greeting([aBundle(7)], 'http://127.0.0.1:8080', 'token');
    expect(lines).toContain('acme/sentiment, version 7, INT8, at http://127.0.0.1:8080 (Ctrl-C ends it)');
    expect(lines).toContain(`http://127.0.0.1:8080/v1/predict -H 'content-type: application/json' -d '{"inputs":[{"text":"`);
    expect(lines).not.toContain('token');
  });

  it('is also how an older version is tried, where there is one', () => {
    const lines = greeting([aBundle(7), aBundle(5), aBundle(2)], 'http://127.0.0.1:8080', 'token');
    expect(lines).toContain('2 older versions');
    expect(lines).toContain("/v1/versions/5/load -H 'authorization: Bearer token'");
  });

  it('sends a picture to a model of pictures', () => {
    expect(greeting([aBundle(1, 'image-ordinal')], 'http://127.0.0.1:8080', 'token')).toContain('base64 -w0 PICTURE.png');
  });
});

describe('docs/inference.md', () => {
  it('names every knob of the server, by flag and by variable', () => {
    const page = read('docs/inference.md');
    const sources = globSync('containers/inference/src/**/*.rs', { cwd: ROOT }).map(read).join('\n');
    const variables = [...sources.matchAll(/long(?: = "[a-z-]+")?[^\]\n]*env = "(\w+)"/g)].map(([, name = '']) => name);
    expect(variables.length).toBeGreaterThan(20);
    for (const name of variables) {
      expect(page).toContain(`\`${name}\``);
      if (name.startsWith('SPOTFORGE_')) expect(page).toContain(`--${name.slice(10).toLowerCase().replaceAll('_', '-')}`);
    }
  });
});
