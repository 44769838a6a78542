import type { KnownUploads } from '../datasets/known-uploads.ts';
import { columnProblems } from '../datasets/schema-rules.ts';
import { datasetSourceProblems, shown, sourceProblems } from '../datasets/source-rules.ts';
import type { FieldProblem } from '../shared/errors.ts';
import type { CompleteRequest } from './dataset-source.ts';

/** Profile → a precision that not every rung of its training has → the first rung without it, in words. */
export type PrecisionLimits = Readonly<Record<string, Readonly<Partial<Record<string, string>>>>>;

type AdmissionRules = {
  profiles: readonly string[];
  allowedSources: readonly string[];
  precisionLimits: PrecisionLimits;
};

/** What a base model has beside its weights: how a text becomes tokens, or a picture an array. */
const REQUIRED_OF_A_BASE = {
  'text-ordinal': ['config.json', 'tokenizer.json'],
  'image-ordinal': ['config.json', 'preprocessor_config.json'],
} as const satisfies Record<CompleteRequest['task'], readonly string[]>;
const SAFETENSORS = /^[^/]+\.safetensors$/;

/** Of a stored version nothing is left to ask: it was admitted when it was made. */
const datasetProblems = (request: CompleteRequest, uploads: KnownUploads, { allowedSources }: AdmissionRules): FieldProblem[] =>
  request.dataset.version !== undefined
    ? []
    : [
        ...datasetSourceProblems(
          { field: 'dataset.source', hashField: 'dataset.sha256' },
          request.dataset,
          uploads,
          allowedSources,
        ),
        ...columnProblems('dataset.columns', { task: request.task, columns: request.dataset.columns }),
      ];

const baseProblems = ({ model, task }: CompleteRequest, uploads: KnownUploads): FieldProblem[] => {
  const upload = uploads.get(model.base);
  if (!upload) return [];
  const missing: string[] = REQUIRED_OF_A_BASE[task].filter((name) => !upload.paths.includes(name));
  if (!upload.paths.some((path) => SAFETENSORS.test(path))) missing.push('*.safetensors');
  return missing.length === 0 ? [] : [{ field: 'model.base', expected: `a base model with ${shown(missing)}` }];
};

/** Training may be tried on every rung of its ladder, and goes on with the precision that it began with: each has to have it. */
const precisionProblems = ({ train, compute }: CompleteRequest, { precisionLimits }: AdmissionRules): FieldProblem[] => {
  const limits = Object.hasOwn(precisionLimits, compute.profile) ? precisionLimits[compute.profile] : undefined;
  const rung = limits?.[train.precision];
  if (rung === undefined) return [];
  return [
    {
      field: 'train.precision',
      expected: `a precision that every rung of the profile ${compute.profile} has; ${rung} has no ${train.precision}`,
    },
  ];
};

/** Everything about a well-formed request that this deployment and this tenant's uploads do not allow; empty when it is admitted. */
export const admissionProblems = (request: CompleteRequest, uploads: KnownUploads, rules: AdmissionRules): FieldProblem[] => [
  ...(rules.profiles.includes(request.compute.profile)
    ? []
    : [{ field: 'compute.profile', expected: `one of ${shown([...rules.profiles].sort())}` }]),
  ...datasetProblems(request, uploads, rules),
  ...sourceProblems('model.base', request.model.base, uploads, rules.allowedSources),
  ...baseProblems(request, uploads),
  ...precisionProblems(request, rules),
];
