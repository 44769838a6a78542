import { join } from 'node:path';
import { ROOT } from '../tier/paths.ts';

/** The crates' folder, and where cargo puts the server that it builds there in the release profile. */
export const CRATES = join(ROOT, 'containers/inference');
export const RELEASE_BINARY = join(CRATES, 'target/release/spotforge-inference');
