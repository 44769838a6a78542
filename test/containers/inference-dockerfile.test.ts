import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGE_UID } from '../../lib/constructs/container-job.ts';
import { serverEnvironment } from '../../local/inference/server-binary.ts';
import { ONNXRUNTIME_VERSION } from '../../local/setup/onnxruntime-library.mjs';
import { ROOT } from '../../local/tier/paths.ts';
import { buildStages, lineage, readDockerfile } from './dockerfile.ts';

const FOLDER = 'containers/inference';
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const instructions = readDockerfile(read(`${FOLDER}/Dockerfile`));
const stages = buildStages(instructions);

const argumentsOf = (name: string, target: string): string[] =>
  lineage(stages, target, '')
    .filter((instruction) => instruction.name === name)
    .map(({ argument }) => argument);

describe('the Dockerfile of the inference server', () => {
  it('stands on bases of a full version and on nothing else from elsewhere', () => {
    const own = new Set(stages.map(({ alias }) => alias));
    const foreign = stages.map(({ base }) => base).filter((base) => !own.has(base));
    expect(foreign).toHaveLength(3);
    for (const base of foreign) expect(base).toMatch(/^[a-z]+:\d+\.\d+(\.\d+)?-slim(-bookworm)?$/);
  });

  it('compiles with a Rust that the crates allow', () => {
    const [, needed] = /^rust-version = "1\.(\d+)/m.exec(read(`${FOLDER}/Cargo.toml`)) ?? [];
    const [, given] = /rust:1\.(\d+)/.exec(stages.map(({ base }) => base).join(' ')) ?? [];
    expect(Number(given)).toBeGreaterThanOrEqual(Number(needed));
  });

  it('makes the production image unless another target is named', () => {
    expect(stages.at(-1)?.alias).toBe('production');
  });

  it.each(['production', 'development'])('runs in %s as the user of all other images, after everything else', (target) => {
    expect(argumentsOf('USER', target)).toEqual([STAGE_UID]);
    expect(lineage(stages, target, '').at(-1)?.name).toBe('USER');
  });

  it('builds what Cargo.lock names and nothing newer', () => {
    const builds = argumentsOf('RUN', 'build').filter((argument) => /cargo (build|fetch)/.test(argument));
    expect(builds).toHaveLength(2);
    for (const argument of builds) expect(argument).toContain('--locked');
  });

  it('takes the onnxruntime library that the bootstrap has checked, of the version that it pins', () => {
    expect(argumentsOf('RUN', 'onnxruntime-library').join()).toContain(`onnxruntime_library.py --architecture "\${TARGETARCH}"`);
    expect(argumentsOf('COPY', 'production')).toContain('--from=onnxruntime-library /opt/onnxruntime /opt/inference');
    const library = `ORT_DYLIB_PATH=/opt/inference/libonnxruntime.so.${ONNXRUNTIME_VERSION}`;
    for (const target of ['production', 'development']) expect(argumentsOf('ENV', target).join()).toContain(library);
    expect(read('containers/Dockerfile')).toContain(library);
  });

  it('has memory managed as the server has it on a laptop', () => {
    const allocator = Object.entries(serverEnvironment()).filter(([name]) => name.startsWith('MALLOC_'));
    expect(allocator.length).toBeGreaterThan(0);
    for (const [name, value] of allocator) expect(argumentsOf('ENV', 'production').join(' ')).toContain(`${name}=${value}`);
  });

  it('serves unless it is told otherwise, and has no compiler and no sources', () => {
    expect(argumentsOf('ENTRYPOINT', 'production')).toEqual(['["spotforge-inference"]']);
    expect(argumentsOf('CMD', 'production')).toEqual(['["serve"]']);
    expect(argumentsOf('COPY', 'production').join()).not.toMatch(/src|scoring|cargo/);
  });

  it('sends Docker nothing but what it copies', () => {
    const sent = read(`${FOLDER}/Dockerfile.dockerignore`)
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter(({ name, argument }) => name === 'COPY' && !argument.startsWith('--from'))
      .flatMap(({ argument }) => argument.split(' ').slice(0, -1));
    const outermost = copied.filter((path) => !copied.some((other) => path.startsWith(`${other}/`)));
    expect(sent.sort()).toEqual([...new Set(outermost)].sort());
  });
});
