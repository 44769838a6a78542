import { join } from 'node:path';
import { ROOT } from './paths.ts';

/** What a container image's repository is on this machine: an interpreter and the packages that the image would hold. */
export type ImageMap = { images: Record<string, { python: string; pythonPath: string[] }> };

const python = join(ROOT, '.venv/bin');
const packages = (...names: string[]): string[] => names.map((name) => join(ROOT, 'containers', name));

export const IMAGES: ImageMap = {
  images: {
    'spotforge/data': { python, pythonPath: packages('runtime', 'data') },
    'spotforge/training': { python, pythonPath: packages('runtime', 'training') },
    'spotforge/optimization': { python, pythonPath: packages('runtime', 'optimization') },
  },
};
