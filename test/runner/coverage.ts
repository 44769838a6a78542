import { join } from 'node:path';
import { DOT } from '../../local/tier/paths.ts';

/** Where each Python suite leaves the coverage data that `python-coverage.ts` adds up. */
export const COVERAGE = join(DOT, 'coverage');
