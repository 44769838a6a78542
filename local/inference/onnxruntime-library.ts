import { join } from 'node:path';
import { DOT } from '../tier/paths.ts';

const VERSION = '1.31.1';
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const architecture = process.platform === 'linux' ? ARCHITECTURES[process.arch] : undefined;

/** Where containers/inference/onnxruntime_library.py puts this machine's library; undefined where none is pinned. */
export const ONNXRUNTIME_LIBRARY =
  architecture === undefined ? undefined : join(DOT, 'onnxruntime', VERSION, architecture, `libonnxruntime.so.${VERSION}`);
