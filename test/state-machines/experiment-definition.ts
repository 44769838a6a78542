import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Definition } from './asl-checks.ts';

const FILE = join(import.meta.dirname, '../../state-machines/experiment.asl.json');

const definitionText = (): string => readFileSync(FILE, 'utf8');
export const experimentDefinition = (): Definition => JSON.parse(definitionText());

/** As CloudFormation fills it in. */
export const substituted = (values: Record<string, string>): string =>
  Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`\${${name}}`, value), definitionText());
