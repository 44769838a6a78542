import { uploadSource } from '../shared/contracts/experiment-spec.ts';
import type { FieldProblem } from '../shared/errors.ts';
import type { KnownUploads } from './known-uploads.ts';

const DATA_FILE = /\.(csv|jsonl|parquet)$/;
const SHOWN = 10;

export const shown = (names: readonly string[]): string =>
  names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;

/** What this deployment and this tenant's uploads do not allow of a source. */
export const sourceProblems = (
  field: string,
  uri: string,
  uploads: KnownUploads,
  allowedSources: readonly string[],
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

/** The same, and what an upload must be to be a dataset. */
export const datasetSourceProblems = (
  { field, hashField }: { field: string; hashField: string },
  { source, sha256 }: { source: string; sha256?: string | undefined },
  uploads: KnownUploads,
  allowedSources: readonly string[],
): FieldProblem[] => {
  const problems = sourceProblems(field, source, uploads, allowedSources);
  const upload = uploads.get(source);
  if (!upload) return problems;
  if (sha256 !== undefined && sha256 !== upload.sha256) {
    problems.push({ field: hashField, expected: `the upload's tree hash, ${upload.sha256}; declared was ${sha256}` });
  }
  const data = upload.paths.filter((path) => DATA_FILE.test(path));
  if (data.length !== 1) {
    const found = data.length === 0 ? 'there is none' : `there are ${data.length}: ${shown(data)}`;
    problems.push({ field, expected: `one .csv, .jsonl or .parquet file; ${found}` });
  }
  return problems;
};
