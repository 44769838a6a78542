import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { treeHash } from '../../../functions/shared/contracts/tree-hash.ts';
import { hashFiles } from '../../../local/client/file-hash.ts';
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

/** The smallest folder that ingest takes, with these files besides. */
const aBaseModel = (files: Record<string, string> = {}): string => {
  const model = mkdtempSync(join(folder, 'base-model-'));
  const header = Buffer.from(JSON.stringify({ weight: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const all = {
    'config.json': '{"model_type":"bert"}',
    'tokenizer.json': '{}',
    'model.safetensors': Buffer.concat([length, header, Buffer.alloc(4)]),
    ...files,
  };
  for (const [name, content] of Object.entries(all)) writeFileSync(join(model, name), content);
  return model;
};

describe('npm run images', () => {
  it.concurrent('says every command that it would run, without Docker and without a network', async () => {
    const { stdout } = await images(['--print', '--tag', '1.2.3']);
    const commands = stdout.trim().split('\n');
    expect(commands.map((command) => / --tag (\S+) \.$/.exec(command)?.[1])).toEqual([
      'spotforge/data:1.2.3',
      'spotforge/training:1.2.3',
      'spotforge/inference:1.2.3',
      'spotforge/optimization:1.2.3',
    ]);
  });

  it.concurrent('bakes a base model in under the hash that ingest gives it', async () => {
    const model = aBaseModel();
    const { stdout } = await images(['data', '--print', '--base-model', model]);
    const sha256 = treeHash(await hashFiles(model));
    expect(stdout).toContain(`--build-arg BASE_MODEL=${sha256} --build-context base-model=${model} `);
  });

  it.concurrent.each([
    ['a file that stages leave behind', 'pytorch_model.bin', 'Stages take no pytorch_model.bin'],
    ['a configuration that is none', 'config.json', "The base model's config.json is not JSON"],
  ])('refuses a base model with %s', async (_what, file, sentence) => {
    const model = aBaseModel({ [file]: 'no such thing' });
    const { code, stderr } = await images(['data', '--print', '--base-model', model]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`Cannot bake in ${model}: ${sentence}`) });
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
