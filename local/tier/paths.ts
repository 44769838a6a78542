import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const DOT = join(ROOT, '.spotforge');

/** Where a tier keeps everything: `local` is the one of the demo and `local:up`, `npm test` has its own. */
export const tierFolder = (name: string): string => join(DOT, name);
