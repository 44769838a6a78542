import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARGO_ENVIRONMENTS, NPM_ENVIRONMENTS, PYTHON_ENVIRONMENTS } from '../../../local/sbom/environments.ts';
import type { Component, Sbom } from '../../../local/sbom/sbom.ts';
import { DOT, ROOT } from '../../../local/tier/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (environment: string): string => readFileSync(join(DOT, 'sbom', `${environment}.cdx.json`), 'utf8');
const sbom = (environment: string): Sbom => JSON.parse(text(environment)) as Sbom;
const environments = [...Object.keys(PYTHON_ENVIRONMENTS), ...Object.keys(CARGO_ENVIRONMENTS), ...NPM_ENVIRONMENTS];

const command = (): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/sbom/write-sboms.ts'], { cwd: ROOT });

/** The hashes of a component: npm gives them to the package, cyclonedx-bom to its distribution files. */
const hashesOf = (component: Component): { content: string }[] => {
  const { hashes = [], externalReferences = [] } = component as {
    hashes?: { content: string }[];
    externalReferences?: { hashes?: { content: string }[] }[];
  };
  return [...hashes, ...externalReferences.flatMap((reference) => reference.hashes ?? [])];
};

describe('npm run sbom', () => {
  let said = '';
  const first = new Map<string, string>();

  beforeAll(async () => {
    said = (await command()).stdout;
    for (const environment of environments) first.set(environment, text(environment));
    await command();
  }, 240_000);

  it('writes a document for each environment and says so', () => {
    for (const environment of environments) expect(said).toContain(`${environment}.cdx.json`);
    expect(said).toContain(`${environments.length} documents, each with every package of its lock and valid`);
  });

  it.each(environments)('writes that of %s the second time as the first, to the byte', (environment) => {
    expect(text(environment)).toBe(first.get(environment));
    expect(sbom(environment).metadata).not.toHaveProperty('timestamp');
    expect(sbom(environment).serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(sbom(environment).metadata.component?.name).toBe(`spotforge-${environment}`);
  });

  it.each(Object.entries(PYTHON_ENVIRONMENTS))(
    'gives every file of %s, and no other, the hash that the lock gives it',
    (environment, lock) => {
      const locked = [...readFileSync(join(ROOT, lock), 'utf8').matchAll(/--hash=sha256:([0-9a-f]{64})/g)].map(
        ([, hash]) => hash,
      );
      const hashes = sbom(environment).components.flatMap(hashesOf);
      expect(new Set(hashes.map(({ content }) => content))).toEqual(new Set(locked));
    },
  );

  it.each(Object.entries(CARGO_ENVIRONMENTS))(
    'gives every crate of %s, and no other, the hash that the lock gives it',
    (environment, lock) => {
      const locked = [...readFileSync(join(ROOT, lock), 'utf8').matchAll(/^checksum = "([0-9a-f]{64})"$/gm)].map(
        ([, hash]) => hash,
      );
      expect(
        new Set(
          sbom(environment)
            .components.flatMap(hashesOf)
            .map(({ content }) => content),
        ),
      ).toEqual(new Set(locked));
      expect(sbom(environment).dependencies).toContainEqual(expect.objectContaining({ ref: 'root-component' }));
    },
  );

  it('gives every package of the Lambdas its hash and a permissive licence', () => {
    const { components } = sbom('functions');
    expect(components.filter((component) => hashesOf(component).length === 0)).toEqual([]);
    expect(components.filter(({ licenses = [] }) => licenses.length === 0)).toEqual([]);
  });

  it('names no place where the packages happened to be fetched from, nor the folder of the checkout', () => {
    for (const environment of environments) {
      const urls = [...text(environment).matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host);
      const known = ['pypi.org', 'github.com', 'cyclonedx.org', 'cyclonedx-bom-tool.readthedocs.io'];
      expect(urls.filter((host) => ![...known, 'cyclonedx-python-library.readthedocs.io'].includes(host ?? ''))).toEqual([]);
      expect(text(environment)).not.toContain(ROOT);
    }
  });

  it.each([
    ['an unknown property', (document: Sbom) => Object.assign(document, { surprise: true })],
    ['a component without a name', (document: Sbom) => Object.assign(document.components[0] ?? {}, { name: undefined })],
    ['a serial number that is no UUID', (document: Sbom) => Object.assign(document, { serialNumber: 'urn:uuid:1' })],
  ])('would refuse a document with %s', (what, plant) => {
    const file = join(folder, `${what}.json`);
    const document = sbom('uv');
    plant(document);
    writeFileSync(file, JSON.stringify(document));
    const { status, stderr } = spawnSync(join(ROOT, '.venv-audit/bin/python'), ['local/sbom/validate.py', file], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect({ status, named: stderr.startsWith(`${file}: `) }).toEqual({ status: 1, named: true });
  });
});
