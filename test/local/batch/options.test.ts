import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readImages } from '../../../local/batch/attempts/images.ts';
import { readOptions } from '../../../local/batch/options.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
const LEAST = ['--port', '0', '--state', 's', '--aws-endpoint', 'http://127.0.0.1:1', '--images', 'i'];

describe('the command line', () => {
  it('has defaults for all but the port, the state, AWS and the images', () => {
    expect(readOptions(LEAST, KEYS)).toMatchObject({
      account: '000000000000',
      region: 'us-east-1',
      maxConcurrentJobs: 2,
      timeScale: 1,
    });
    expect(readOptions(LEAST, KEYS).vcpuCap).toBeUndefined();
  });

  it('takes the machine’s limits', () => {
    const options = readOptions([...LEAST, '--max-vcpus', '2', '--max-concurrent-jobs', '3'], {
      ...KEYS,
      AWS_REGION: 'eu-west-1',
    });
    expect(options).toMatchObject({ vcpuCap: 2, maxConcurrentJobs: 3, region: 'eu-west-1' });
  });

  it.each([
    [['--max-vcpus', '0'], /max-vcpus/],
    [['--account', '12'], /account/],
    [['--aws-endpoint', 'nowhere'], /aws-endpoint/],
    [['more'], /Unexpected argument/],
  ])('refuses %j and says how it is used', (more, message) => {
    expect(() => readOptions([...LEAST, ...more], KEYS)).toThrow(message);
    expect(() => readOptions([...LEAST, ...more], KEYS)).toThrow(/Usage/);
  });
});

describe('the images file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spotforge-images-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  const fileWith = (text: string): string => {
    const path = join(directory, 'images.json');
    writeFileSync(path, text);
    return path;
  };

  it('maps repositories to environments', () => {
    const environment = { python: '/venv/bin', pythonPath: ['/src'] };
    expect(readImages(fileWith(JSON.stringify({ images: { 'spotforge/data': environment } })))).toEqual({
      'spotforge/data': environment,
    });
  });

  it.each(['{', '{}', '{"images": {"a": {"python": "relative", "pythonPath": []}}}'])(
    'is refused with a reason when it says %s',
    (text) => {
      expect(() => readImages(fileWith(text))).toThrow(/images file .* cannot be used: .*maps repository names/s);
    },
  );
});
