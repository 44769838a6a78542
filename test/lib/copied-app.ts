import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../local/tier/paths.ts';

const PARTS = ['bin', 'config', 'lib', 'functions', 'state-machines', 'package.json', 'cdk.json', 'cdk.context.json'];

/** A copy of the app whose code can be changed like that of a later release. */
export class CopiedApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'changed-app-'));

  constructor() {
    for (const part of PARTS) cpSync(join(ROOT, part), join(this.folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Rewrites a file; a change that changes nothing is a test that has gone stale. */
  change(file: string, how: (text: string) => string): this {
    const path = join(this.folder, file);
    const before = readFileSync(path, 'utf8');
    const after = how(before);
    if (after === before) throw new Error(`${file} has nothing of what was to be changed`);
    writeFileSync(path, after);
    return this;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
