import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STAGE_IMAGES, STAGES, stageCommand } from '../../functions/shared/contracts/names.ts';
import { STAGE_UID } from '../../lib/constructs/container-job.ts';
import { buildStages, readDockerfile } from './dockerfile.ts';

const CONTAINERS = new URL('../../containers/', import.meta.url);
const images = [...new Set(Object.values(STAGE_IMAGES))];

/** `name:1.2.3-variant`, or with a digest: something that does not mean another image tomorrow. */
const PINNED = /^[a-z0-9./-]+:\d+\.\d+\.\d+-[a-z0-9.-]+$/;

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

describe.each(images)('the image %s', (image) => {
  const text = readFileSync(new URL(`${image}/Dockerfile`, CONTAINERS), 'utf8');
  const instructions = readDockerfile(text);
  const stages = buildStages(instructions);
  const final = stages.at(-1) ?? [];
  const argumentsOf = (name: string, of = final): string[] =>
    of.filter((instruction) => instruction.name === name).map(({ argument }) => argument);

  it('is built in two stages upon the same pinned base', () => {
    const bases = argumentsOf('FROM', instructions).map((argument) => argument.split(' ')[0] ?? '');
    expect(bases).toHaveLength(2);
    expect(new Set(bases).size).toBe(1);
    for (const base of bases) expect(base).toMatch(PINNED);
  });

  it('installs only what the lock names, by hash', () => {
    const installs = argumentsOf('RUN', instructions).filter((argument) => argument.includes('pip install'));
    expect(installs).toHaveLength(1);
    expect(installs[0]).toMatch(/--require-hashes .*--requirement \/tmp\/containers\.txt$/);
    expect(argumentsOf('COPY', instructions)).toContain('requirements/containers.txt /tmp/containers.txt');
  });

  it('runs as the user that the job definitions name, after everything else', () => {
    expect(argumentsOf('USER', instructions)).toEqual([STAGE_UID]);
    expect(final.at(-1)).toEqual({ name: 'USER', argument: STAGE_UID });
  });

  it('has no entry point and no command: the job definition gives the full argv', () => {
    expect(argumentsOf('ENTRYPOINT', instructions).filter((argument) => argument !== '[]')).toEqual([]);
    expect(argumentsOf('CMD', instructions)).toEqual([]);
  });

  it('copies exactly the packages that its stages import', () => {
    const copied = argumentsOf('COPY').filter((argument) => argument.startsWith('containers/'));
    expect(copied.map((argument) => argument.split('/').at(-1)).sort()).toEqual(importedPackages(image));
    for (const argument of copied) expect(argument).toMatch(/^containers\/\w+\/(spotforge_\w+) \/opt\/spotforge\/\1$/);
  });

  it('holds the module of every stage that runs in it', () => {
    const modules = STAGES.filter((stage) => STAGE_IMAGES[stage] === image).map((stage) => stageCommand(stage).at(-1) ?? '');
    const files = new Set(readdirSync(new URL(`${image}/`, CONTAINERS), { recursive: true, encoding: 'utf8' }));
    for (const module of modules) expect(files).toContain(`${module.replace('.', '/')}.py`);
  });

  it('sends Docker nothing but what it copies', () => {
    const allowed = readFileSync(new URL(`${image}/Dockerfile.dockerignore`, CONTAINERS), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = argumentsOf('COPY', instructions)
      .filter((argument) => !argument.startsWith('--from'))
      .map((argument) => argument.split(' ')[0]);
    expect(allowed.sort()).toEqual(copied.sort());
  });

  it('keeps caches and temporary files in the scratch folder, and finds its packages', () => {
    const environment = argumentsOf('ENV').join(' ');
    for (const setting of ['HOME=/scratch', 'TMPDIR=/scratch', 'HF_HOME=/scratch/', 'PYTHONPATH=/opt/spotforge'])
      expect(environment).toContain(setting);
  });

  it('says what it is', () => {
    expect(argumentsOf('LABEL').join(' ')).toContain(`org.opencontainers.image.title="spotforge/${image}"`);
  });
});
