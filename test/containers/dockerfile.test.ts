import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STAGE_IMAGES, STAGES, stageCommand } from '../../functions/shared/contracts/names.ts';
import { STAGE_UID } from '../../lib/constructs/container-job.ts';
import { BUILDS } from '../../local/images/build-command.ts';
import { buildStages, lineage, readDockerfile } from './dockerfile.ts';

const CONTAINERS = new URL('../../containers/', import.meta.url);
const images = [...new Set(Object.values(STAGE_IMAGES))];
const instructions = readDockerfile(readFileSync(new URL('Dockerfile', CONTAINERS), 'utf8'));
const stages = buildStages(instructions);

/** `name:1.2.3-variant`: something that does not mean another image tomorrow. */
const PINNED = /^[a-z0-9./-]+:\d+\.\d+\.\d+-[a-z0-9.-]+$/;

/** The arguments of an instruction in a target of an image, with the image's name filled in. */
const argumentsOf = (name: string, target: string, image: keyof typeof BUILDS): string[] =>
  lineage(stages, target, BUILDS[image].base)
    .filter((instruction) => instruction.name === name)
    .map(({ argument }) => argument.replaceAll(`\${IMAGE}`, image));

const importedPackages = (image: string): string[] => {
  const folder = new URL(`${image}/`, CONTAINERS);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py'));
  const imports = sources.flatMap((path) =>
    [...readFileSync(new URL(path, folder), 'utf8').matchAll(/^\s*(?:from|import) (spotforge_[a-z]+)/gm)].map(
      ([, name = '']) => name,
    ),
  );
  return [...new Set(imports)].sort();
};

describe('the Dockerfile of the Python stages', () => {
  it('stands on bases of a full version and on nothing else from elsewhere', () => {
    const own = new Set([...stages.map(({ alias }) => alias), `\${BASE}`, 'scratch']);
    const foreign = stages.map(({ base }) => base).filter((base) => !own.has(base));
    expect(foreign).toHaveLength(2);
    for (const base of foreign) expect(base).toMatch(PINNED);
  });

  it('makes the production image unless another target is named', () => {
    expect(stages.at(-1)?.alias).toBe('production');
  });

  it('installs only what the locks name, by hash', () => {
    const installs = instructions.filter(({ name, argument }) => name === 'RUN' && argument.includes('pip install'));
    expect(installs.map(({ argument }) => argument.split(' --')[0])).toEqual(Array(2).fill('/opt/venv/bin/pip install'));
    for (const { argument } of installs)
      expect(argument).toMatch(/--require-hashes .*--requirement \/tmp\/(containers|dev)\.txt$/);
  });

  it('sends Docker nothing but what it copies', () => {
    const sent = readFileSync(new URL('Dockerfile.dockerignore', CONTAINERS), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter(({ name, argument }) => name === 'COPY' && !argument.startsWith('--from'))
      .map(({ argument }) => argument.split(' ')[0] ?? '');
    const outermost = copied.filter((path) => !copied.some((other) => path.startsWith(`${other}/`)));
    expect(sent.sort()).toEqual([...new Set(outermost)].sort());
  });

  it('puts what changes often above what changes seldom: packages, base model, server, code', () => {
    const copied = argumentsOf('COPY', 'production', 'training');
    const at = (part: string): number => copied.findIndex((argument) => argument.includes(part));
    expect([
      at('/opt/venv'),
      at('--from=base-model'),
      at('--from=inference-server'),
      at('spotforge_runtime'),
      at('spotforge_training'),
    ]).toEqual([0, 2, 3, 4, 5]); // 1 is the lock, which changes with the packages
  });
});

describe.each(images)('the image %s', (image) => {
  it.each(['production', 'development'])(
    'runs in %s as the user that the job definitions name, after everything else',
    (target) => {
      expect(argumentsOf('USER', target, image)).toEqual([STAGE_UID]);
      expect(lineage(stages, target, BUILDS[image].base).at(-1)?.name).toBe('USER');
    },
  );

  it('has no entry point and no command: the job definition gives the full argv', () => {
    expect(argumentsOf('ENTRYPOINT', 'production', image)).toEqual(['[]']);
    expect(argumentsOf('CMD', 'production', image)).toEqual([]);
  });

  it('copies exactly the packages that its stages import', () => {
    const copied = argumentsOf('COPY', 'production', image).filter((argument) => argument.startsWith('containers/'));
    expect(copied.map((argument) => argument.split('/').at(-1)).sort()).toEqual(importedPackages(image));
    for (const argument of copied) expect(argument).toMatch(/^containers\/\w+\/(spotforge_\w+) \/opt\/spotforge\/\1$/);
  });

  it('holds the module of every stage that runs in it', () => {
    const modules = STAGES.filter((stage) => STAGE_IMAGES[stage] === image).map((stage) => stageCommand(stage).at(-1) ?? '');
    const files = new Set(readdirSync(new URL(`${image}/`, CONTAINERS), { recursive: true, encoding: 'utf8' }));
    for (const module of modules) expect(files).toContain(`${module.replace('.', '/')}.py`);
  });

  it('keeps caches and temporary files in the scratch folder, and finds its packages', () => {
    const environment = argumentsOf('ENV', 'production', image).join(' ');
    for (const setting of ['HOME=/scratch', 'TMPDIR=/scratch', 'HF_HOME=/scratch/', 'PYTHONPATH=/opt/spotforge'])
      expect(environment).toContain(setting);
  });

  it('has the checks and the tests in development alone', () => {
    const copied = (target: string): string => argumentsOf('COPY', target, image).join('\n');
    expect(copied('development')).toContain('test/containers');
    expect(copied('development')).toContain('--from=development-packages');
    expect(copied('production')).not.toMatch(/test|development/);
  });

  it('says what it is', () => {
    expect(argumentsOf('LABEL', 'production', image).join(' ')).toContain(`org.opencontainers.image.title="spotforge/${image}"`);
  });
});
