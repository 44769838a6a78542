import { type ExperimentRequest, uploadSource } from '../shared/contracts/experiment-spec.ts';
import type { FieldProblem } from '../shared/errors.ts';

/** An upload as far as admission cares: what was declared, and what of it is stored. */
export type UploadState = { sha256: string; paths: readonly string[]; missing: readonly string[] };

type AdmissionRules = { profiles: readonly string[]; allowedSources: readonly string[] };

/** The uploads that a request names, by their URI; undefined for one that the tenant does not have. */
export type KnownUploads = ReadonlyMap<string, UploadState | undefined>;

const DATA_FILE = /\.(csv|jsonl|parquet)$/;
const REQUIRED_OF_A_BASE = ['config.json', 'tokenizer.json'] as const;
const SAFETENSORS = /^[^/]+\.safetensors$/;
const SHOWN = 10;

const shown = (names: readonly string[]): string =>
  names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;

const sourceProblems = (
  field: string,
  uri: string,
  uploads: KnownUploads,
  { allowedSources }: AdmissionRules,
): FieldProblem[] => {
  if (uri.startsWith('s3://')) {
    if (allowedSources.some((prefix) => uri.startsWith(prefix))) return [];
    const allowed = allowedSources.length === 0 ? 'none is allowed here: use an upload' : `one within ${shown(allowedSources)}`;
    return [{ field, expected: `an s3:// location that this deployment allows; ${allowed}` }];
  }
  const id = uploadSource(uri);
  if (id === undefined) return [];
  const upload = uploads.get(uri);
  if (!upload) return [{ field, expected: `an upload of yours; there is no ${id}` }];
  if (upload.missing.length === 0) return [];
  return [{ field, expected: `a complete upload; not stored yet: ${shown(upload.missing)}` }];
};

const datasetProblems = ({ dataset }: ExperimentRequest, uploads: KnownUploads): FieldProblem[] => {
  const upload = uploads.get(dataset.source);
  if (!upload) return [];
  const problems: FieldProblem[] = [];
  if (dataset.sha256 !== undefined && dataset.sha256 !== upload.sha256) {
    problems.push({
      field: 'dataset.sha256',
      expected: `the upload's tree hash, ${upload.sha256}; declared was ${dataset.sha256}`,
    });
  }
  const data = upload.paths.filter((path) => DATA_FILE.test(path));
  if (data.length !== 1) {
    const found = data.length === 0 ? 'there is none' : `there are ${data.length}: ${shown(data)}`;
    problems.push({ field: 'dataset.source', expected: `one .csv, .jsonl or .parquet file; ${found}` });
  }
  return problems;
};

const baseProblems = ({ model }: ExperimentRequest, uploads: KnownUploads): FieldProblem[] => {
  const upload = uploads.get(model.base);
  if (!upload) return [];
  const missing: string[] = REQUIRED_OF_A_BASE.filter((name) => !upload.paths.includes(name));
  if (!upload.paths.some((path) => SAFETENSORS.test(path))) missing.push('*.safetensors');
  return missing.length === 0 ? [] : [{ field: 'model.base', expected: `a base model with ${shown(missing)}` }];
};

/** Everything about a well-formed request that this deployment and this tenant's uploads do not allow; empty when it is admitted. */
export const admissionProblems = (request: ExperimentRequest, uploads: KnownUploads, rules: AdmissionRules): FieldProblem[] => [
  ...(rules.profiles.includes(request.compute.profile)
    ? []
    : [{ field: 'compute.profile', expected: `one of ${shown([...rules.profiles].sort())}` }]),
  ...sourceProblems('dataset.source', request.dataset.source, uploads, rules),
  ...sourceProblems('model.base', request.model.base, uploads, rules),
  ...datasetProblems(request, uploads),
  ...baseProblems(request, uploads),
];
