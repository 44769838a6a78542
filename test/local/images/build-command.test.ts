import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGE_IMAGES, type StageImage } from '../../../functions/shared/contracts/names.ts';
import { basesOf } from '../../../local/images/bases.ts';
import { BUILDS, type Build, buildCommand } from '../../../local/images/build-command.ts';
import { readOptions } from '../../../local/images/options.ts';
import { ROOT } from '../../../local/tier/paths.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const dockerfile = readFileSync(new URL('../../../containers/Dockerfile', import.meta.url), 'utf8');

const aBuild = (overrides: Partial<Build> = {}): string =>
  buildCommand({
    image: 'optimization',
    target: 'production',
    base: { name: 'python:3.11.14-slim-bookworm', digest: DIGEST },
    tag: 'registry.example/spotforge/optimization:abc',
    gitSha: 'abc',
    metadataFile: '/tmp/metadata.json',
    push: true,
    ...overrides,
  }).join(' ');

describe('the command that builds an image', () => {
  it('stands on the digest that was found, not on the tag, and labels the image with it', () => {
    const name = 'python:3.11.14-slim-bookworm';
    expect(aBuild()).toContain(`--build-context ${name}=docker-image://${name}@${DIGEST} `);
    expect(aBuild()).toContain(`--label org.opencontainers.image.base.digest=${DIGEST} `);
    expect(aBuild()).toContain('--metadata-file /tmp/metadata.json ');
  });

  it('pushes the optimization image for x86 and ARM, with provenance', () => {
    expect(aBuild()).toContain('--platform linux/amd64,linux/arm64 --provenance mode=max --push ');
  });

  it('builds for this machine alone when nothing is pushed', () => {
    expect(aBuild({ push: false })).not.toContain('--platform');
    expect(aBuild({ push: false })).toContain('--load ');
  });

  it('puts training, and nothing else, on the CUDA runtime', () => {
    const onGpu = Object.entries(BUILDS).filter(([, { base }]) => base === 'gpu');
    expect(onGpu.map(([image]) => image)).toEqual(['training']);
    expect(aBuild({ image: 'training' })).toContain('--build-arg IMAGE=training --build-arg BASE=gpu ');
    expect(basesOf(dockerfile).gpu).toMatch(/^nvidia\/cuda:\d+\.\d+\.\d+-runtime-/);
  });

  it('bakes a base model in under its tree hash', () => {
    const command = aBuild({ baseModel: { folder: '/models/mini', sha256: 'b'.repeat(64) } });
    expect(command).toContain(`--build-arg BASE_MODEL=${'b'.repeat(64)} --build-context base-model=/models/mini `);
    expect(aBuild()).not.toContain('base-model');
  });

  it('builds the server from a Dockerfile of its own, every base of it held to a digest', () => {
    const builtWith = [{ name: 'rust:1.95.0-slim-bookworm', digest: DIGEST }];
    const command = aBuild({ image: 'inference', base: { name: 'debian:12.12-slim', digest: DIGEST }, builtWith });
    expect(command).toContain('--file containers/inference/Dockerfile --target production ');
    expect(command).toContain(`--build-context debian:12.12-slim=docker-image://debian:12.12-slim@${DIGEST} `);
    expect(command).toContain(`--build-context rust:1.95.0-slim-bookworm=docker-image://rust:1.95.0-slim-bookworm@${DIGEST} `);
    expect(command).toContain('--platform linux/amd64,linux/arm64 ');
    expect(command).not.toMatch(/IMAGE=|BASE=/);
  });

  it('takes the server into the stages that ask it', () => {
    expect(aBuild({ inferenceServer: 'registry.example/inference:abc' })).toContain(
      '--build-context inference-server=docker-image://registry.example/inference:abc ',
    );
    expect(aBuild()).not.toContain('inference-server');
  });

  it('knows every image that a stage runs in, and the server, and finds its base in its Dockerfile', () => {
    expect(Object.keys(BUILDS).sort()).toEqual(
      [...new Set<StageImage>(Object.values(STAGE_IMAGES)), 'inference' as const].sort(),
    );
    for (const { dockerfile: path, base } of Object.values(BUILDS))
      expect(basesOf(readFileSync(join(ROOT, path), 'utf8'))[base]).toBeDefined();
  });
});

describe('what the command takes', () => {
  it('builds every image for production unless told otherwise', () => {
    expect(readOptions([])).toMatchObject({
      images: ['data', 'training', 'inference', 'optimization'],
      target: 'production',
      registry: 'spotforge',
      push: false,
    });
    expect(readOptions(['data', '--target', 'development'])).toMatchObject({ images: ['data'], target: 'development' });
  });

  it.each([
    [['serving'], 'There is no image serving'],
    [['--target', 'debug'], '--target wants production or development'],
    [['--push'], '--push needs --registry'],
    [['--platform', 'linux/arm64'], "Unknown option '--platform'"],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
