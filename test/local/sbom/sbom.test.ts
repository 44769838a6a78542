import { describe, expect, it } from 'vitest';
import { missingFrom } from '../../../local/sbom/complete.ts';
import { notPermissive } from '../../../local/sbom/licences.ts';
import { lockedInCargo, lockedInNpm, lockedInRequirements, type NpmLock, productionLock } from '../../../local/sbom/locked.ts';
import { reproducible } from '../../../local/sbom/reproducible.ts';
import type { Component, Sbom } from '../../../local/sbom/sbom.ts';

const aComponent = (name: string, more: Partial<Component> = {}): Component => ({
  name,
  version: '1.0.0',
  purl: `pkg:npm/${name}@1.0.0`,
  'bom-ref': `${name}@1.0.0`,
  ...more,
});
const anSbom = (components: Component[], more: Partial<Sbom> = {}): Sbom => ({
  specVersion: '1.5',
  metadata: {},
  components,
  ...more,
});

describe('what a lock names', () => {
  it('is every package of a Python lock, whatever it depends on and wherever it is for', () => {
    const lock =
      "# by uv\nnumpy==2.4.6 \\\n    --hash=sha256:00\nnetworkx==3.6.1 ; python_version < '3.12' \\\n    --hash=sha256:00\nuv==0.13.9\n";
    expect(lockedInRequirements(lock)).toEqual(['numpy@2.4.6', 'networkx@3.6.1', 'uv@0.13.9']);
  });

  it('is every crate of a Cargo lock but the workspace itself, each of its versions', () => {
    const crate = (name: string, version: string, more = ''): string =>
      `[[package]]\nname = "${name}"\nversion = "${version}"\n${more}\n`;
    const source = 'source = "registry+https://example.com"\nchecksum = "00"\n';
    const lock = `version = 4\n\n${crate('ours', '0.1.0')}${crate('rand', '0.8.5', source)}${crate('rand', '0.9.2', source)}`;
    expect(lockedInCargo(lock)).toEqual(['rand@0.8.5', 'rand@0.9.2']);
  });

  const lock: NpmLock = {
    lockfileVersion: 3,
    packages: {
      '': { name: 'spotforge', version: '0.1.0', devDependencies: { c: '2.0.0' } },
      'node_modules/@a/b': { version: '1.0.0' },
      'node_modules/c': { version: '2.0.0', dev: true },
      'node_modules/c/node_modules/@a/b': { version: '1.0.0', dev: true },
      'node_modules/alias': { name: 'real', version: '3.0.0' },
    },
  };

  it('is every package of an npm lock, once a version', () => {
    expect(lockedInNpm(lock)).toEqual(['@a/b@1.0.0', 'c@2.0.0', 'real@3.0.0']);
  });

  it('is for the Lambdas what is left without development', () => {
    expect(productionLock(lock)).toEqual({
      lockfileVersion: 3,
      packages: {
        '': { name: 'spotforge', version: '0.1.0' },
        'node_modules/@a/b': { version: '1.0.0' },
        'node_modules/alias': { name: 'real', version: '3.0.0' },
      },
    });
  });
});

describe('a document', () => {
  it('lacks what is not in it, and what it gives no address', () => {
    const sbom = anSbom([aComponent('whole'), aComponent('nowhere', { purl: undefined as never })]);
    expect(missingFrom(sbom, ['whole@1.0.0', 'nowhere@1.0.0', 'whole@2.0.0'])).toEqual(['nowhere@1.0.0', 'whole@2.0.0']);
  });

  it('has a serial number that follows its content and not the moment', () => {
    const at = (timestamp: string, components: Component[]): string | undefined =>
      reproducible(anSbom(components, { serialNumber: timestamp, metadata: { timestamp } }), { name: 'a', version: '1' })
        .serialNumber;
    expect(at('monday', [aComponent('one')])).toBe(at('tuesday', [aComponent('one')]));
    expect(at('monday', [aComponent('one')])).not.toBe(at('monday', [aComponent('other')]));
  });
});

describe('a licence', () => {
  const under = (...licenses: NonNullable<Component['licenses']>): string[] =>
    notPermissive(anSbom([aComponent('it', { licenses })]));

  it.each([
    [[{ license: { id: 'MIT' } }]],
    [[{ expression: '(MIT OR GPL-3.0-or-later)' }]],
    [[{ expression: 'MIT AND Apache-2.0' }]],
    [[{ license: { id: 'MIT' } }, { license: { id: 'ISC' } }]],
  ])('is permissive: %j', (licenses) => expect(under(...licenses)).toEqual([]));

  it.each([
    [[{ license: { id: 'AGPL-3.0-only' } }], 'AGPL-3.0-only'],
    [[{ expression: 'MIT AND GPL-3.0-only' }], 'MIT AND GPL-3.0-only'],
    [[{ license: { id: 'MIT' } }, { license: { name: 'our own' } }], 'MIT AND our own'],
    [[], 'no licence named'],
  ])('is not: %j', (licenses, named) => expect(under(...licenses)).toEqual([`it@1.0.0: ${named}`]));
});
