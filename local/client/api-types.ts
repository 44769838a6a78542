/** The API's documents as a client sees them, from the same contracts as the server's. */
import type * as z from 'zod';
import type { experimentEventPage, experimentPage } from '../../functions/shared/contracts/experiment-view.ts';

export type {
  ArtifactView as Artifact,
  ExperimentView as Experiment,
  Problem,
} from '../../functions/shared/contracts/experiment-view.ts';
export type { UploadResponse as UploadAnswer } from '../../functions/shared/contracts/upload.ts';
export type ExperimentPage = z.infer<typeof experimentPage>;
export type ExperimentEventPage = z.infer<typeof experimentEventPage>;
