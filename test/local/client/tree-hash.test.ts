import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { treeHash } from '../../../functions/shared/contracts/tree-hash.ts';
import { hashFiles } from '../../../local/client/file-hash.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the tree hash', () => {
  it('is the SHA-256 of the sorted sha256sum lines', () => {
    const lines = `${sha('1')}  a/b\n${sha('2')}  a.txt\n`.split('\n').filter(Boolean);
    const sorted = [lines[1], lines[0]].map((line) => `${line}\n`).join(''); // "." is 0x2e, "/" is 0x2f
    expect(
      treeHash([
        { path: 'a/b', sha256: sha('1') },
        { path: 'a.txt', sha256: sha('2') },
      ]),
    ).toBe(sha(sorted));
  });

  it('does not depend on the order of the files', () => {
    const file = fc.record({ path: fc.string({ minLength: 1 }), sha256: fc.string().map(sha) });
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: ({ path }) => path }), (files) => {
        expect(treeHash(files.toReversed())).toBe(treeHash(files));
      }),
    );
  });

  it('of files on disk counts names relative to the folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spotforge-tree-'));
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/x.txt'), 'x');
    writeFileSync(join(folder, 'y.txt'), 'y');
    const files = await hashFiles(folder);
    expect(files.map(({ path, bytes }) => `${path} ${bytes}`).sort()).toEqual(['sub/x.txt 1', 'y.txt 1']);
    expect((await hashFiles(join(folder, 'y.txt'))).map(({ path }) => path)).toEqual(['y.txt']);
  });
});
