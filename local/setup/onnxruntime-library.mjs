import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './step.mjs';

/** onnxruntime's library is pinned for glibc Linux alone. */
const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' };
const architecture = process.platform === 'linux' ? ARCHITECTURES[process.arch] : undefined;

/** The release that serves: the file that pins its wheel decides, here as in containers/inference/onnxruntime_library.py. */
export const ONNXRUNTIME_VERSION = /^onnxruntime==(\S+)/m.exec(
  readFileSync(join(ROOT, 'requirements/onnxruntime-library.txt'), 'utf8'),
)[1];

/** Where containers/inference/onnxruntime_library.py puts this machine's library; undefined where none is pinned. */
export const ONNXRUNTIME_LIBRARY =
  architecture === undefined
    ? undefined
    : join(ROOT, '.spotforge/onnxruntime', ONNXRUNTIME_VERSION, architecture, `libonnxruntime.so.${ONNXRUNTIME_VERSION}`);
