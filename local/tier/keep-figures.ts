import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOT } from './paths.ts';

/** Keeps what a command found where a program can read it, in `.spotforge/{command}.json`; answers the file's path. */
export const keepFigures = (command: string, figures: unknown): string => {
  mkdirSync(DOT, { recursive: true });
  const file = join(DOT, `${command}.json`);
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  return file;
};
