import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ONNXRUNTIME_LIBRARY, ONNXRUNTIME_VERSION } from '../../../local/setup/onnxruntime-library.mjs';
import { ROOT } from '../../../local/tier/paths.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const CRATES = 'containers/inference';
const WHERE =
  'import onnxruntime_library as l, platform; print(l.library_file(l.LIBRARIES, l.known_architecture(platform.machine())))';

describe("onnxruntime's library", () => {
  it('is looked for where its bootstrap puts it', () => {
    const said = execFileSync(join(ROOT, '.venv/bin/python'), ['-c', WHERE], { cwd: join(ROOT, CRATES), encoding: 'utf8' });
    expect(ONNXRUNTIME_LIBRARY).toBe(said.trim());
  });
});

describe("onnxruntime's version, where it can only be written down", () => {
  it('is the same in every list of requirements, so that all score with one release', () => {
    const pinned = globSync('requirements/*.{in,txt}', { cwd: ROOT }).flatMap((file) =>
      [...read(file).matchAll(/^onnxruntime==(\S+)/gm)].map(([, version]) => ({ file, version })),
    );
    expect(pinned.length).toBeGreaterThan(1);
    expect(pinned.filter(({ version }) => version !== ONNXRUNTIME_VERSION)).toEqual([]);
  });

  it('is of the API that the server is built for', () => {
    const [minor = ''] = /^\d+\.\d+/.exec(ONNXRUNTIME_VERSION) ?? [];
    expect(read(`${CRATES}/scoring/src/runtime_library.rs`)).toContain(`const SUPPORTED: &str = "${minor}";`);
    expect(read(`${CRATES}/Cargo.toml`)).toMatch(new RegExp(`^ort = .*"api-${minor.split('.')[1]}"`, 'm'));
  });
});
