import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Definition } from './asl-checks.ts';

const FOLDER = join(import.meta.dirname, '../../state-machines');

/** `experiment` for state-machines/experiment.asl.json. */
export const definitionFile = (name: string) => {
  const text = (): string => readFileSync(join(FOLDER, `${name}.asl.json`), 'utf8');
  return {
    /** A copy of one's own, to change. */
    definition: (): Definition => JSON.parse(text()),
    /** As CloudFormation fills it in. */
    substituted: (values: Record<string, string>): string =>
      Object.entries(values).reduce((filled, [name, value]) => filled.replaceAll(`\${${name}}`, value), text()),
  };
};
