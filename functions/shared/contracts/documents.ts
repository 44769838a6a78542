import type * as z from 'zod';
import { bundle } from './bundle.ts';
import { consumptionRecorded } from './consumption.ts';
import { datasetVersion, prepareReport } from './dataset.ts';
import { datasetPreparationRequest, datasetReport } from './dataset-preparation.ts';
import {
  datasetPage,
  datasetRequest,
  datasetVersionPage,
  datasetVersionRequest,
  datasetVersionView,
  datasetView,
} from './dataset-view.ts';
import { executionInput, experimentRequest, resolvedSpec } from './experiment-spec.ts';
import {
  artifactPage,
  experimentEventPage,
  experimentPage,
  experimentStatusChanged,
  experimentView,
  problem,
} from './experiment-view.ts';
import { rehearsalCompleted, rehearsalFinding, rehearsalReport } from './rehearsal.ts';
import { spotCheckCompleted, spotCheckFinding, spotCheckReport } from './spot-check.ts';
import {
  checkpointManifest,
  failureCause,
  stageManifest,
  stageProgress,
  stageResult,
  stageSummariesDocument,
} from './stage-documents.ts';
import { uploadRequest, uploadResponse } from './upload.ts';
import { weightSnapshots } from './weight-snapshots.ts';

/** Every document that crosses a border, by the name of its JSON Schema in `contracts/`. */
export const DOCUMENTS: Record<string, z.ZodType> = {
  'experiment-request': experimentRequest,
  'resolved-spec': resolvedSpec,
  'execution-input': executionInput,
  'upload-request': uploadRequest,
  'upload-response': uploadResponse,
  'stage-manifest': stageManifest,
  'stage-result': stageResult,
  'stage-summaries': stageSummariesDocument,
  'stage-progress': stageProgress,
  'failure-cause': failureCause,
  'checkpoint-manifest': checkpointManifest,
  'dataset-version': datasetVersion,
  'prepare-report': prepareReport,
  'dataset-preparation-request': datasetPreparationRequest,
  'dataset-report': datasetReport,
  bundle,
  'rehearsal-finding': rehearsalFinding,
  'rehearsal-report': rehearsalReport,
  'rehearsal-completed': rehearsalCompleted,
  'spot-check-finding': spotCheckFinding,
  'spot-check-report': spotCheckReport,
  'spot-check-completed': spotCheckCompleted,
  'weight-snapshots': weightSnapshots,
  'consumption-recorded': consumptionRecorded,
  'dataset-request': datasetRequest,
  dataset: datasetView,
  'dataset-page': datasetPage,
  'dataset-version-request': datasetVersionRequest,
  'dataset-version-details': datasetVersionView,
  'dataset-version-page': datasetVersionPage,
  experiment: experimentView,
  'experiment-page': experimentPage,
  'experiment-event-page': experimentEventPage,
  'artifact-page': artifactPage,
  'experiment-status-changed': experimentStatusChanged,
  problem,
};

/** Those that Python reads or writes; pydantic models are generated from them. */
export const PYTHON_DOCUMENTS = [
  'resolved-spec',
  'stage-manifest',
  'stage-result',
  'stage-summaries',
  'stage-progress',
  'checkpoint-manifest',
  'dataset-version',
  'prepare-report',
  'dataset-preparation-request',
  'dataset-report',
  'bundle',
  'rehearsal-finding',
  'spot-check-finding',
  'weight-snapshots',
] as const;
