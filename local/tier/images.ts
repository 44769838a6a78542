import { join } from 'node:path';
import { RELEASE_BINARY } from '../inference/release-binary.ts';
import { ONNXRUNTIME_LIBRARY } from '../setup/onnxruntime-library.mjs';
import { ROOT } from './paths.ts';

/** What a container image's repository is on this machine: an interpreter, the packages that the image would hold, and its variables. */
export type ImageMap = { images: Record<string, { python: string; pythonPath: string[]; environment?: Record<string, string> }> };

const python = join(ROOT, '.venv/bin');
const packages = (...names: string[]): string[] => names.map((name) => join(ROOT, 'containers', name));

export const IMAGES: ImageMap = {
  images: {
    'spotforge/data': { python, pythonPath: packages('runtime', 'data') },
    'spotforge/training': { python, pythonPath: packages('runtime', 'training') },
    'spotforge/optimization': {
      python,
      pythonPath: packages('runtime', 'optimization'),
      // As in the image: there when it was built.
      environment: { SPOTFORGE_INFERENCE_BINARY: RELEASE_BINARY, ORT_DYLIB_PATH: ONNXRUNTIME_LIBRARY ?? '' },
    },
  },
};
