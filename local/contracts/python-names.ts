import { DECODE_LOGITS } from '../../functions/shared/contracts/bundle.ts';
import { TASKS } from '../../functions/shared/contracts/dataset-schema.ts';
import { HEADS } from '../../functions/shared/contracts/experiment-spec.ts';
import {
  ATTEMPT_DOCUMENTS,
  DATASET_VERSION_ENV,
  EVENTS,
  EXIT_CODES,
  keys,
  REHEARSAL_ENV,
  REHEARSALS,
  SPOT_CHECK_ENV,
  STAGE_ENV,
  STAGE_ERRORS,
  STAGES,
} from '../../functions/shared/contracts/names.ts';
import { SCHEMA_VERSION } from '../../functions/shared/contracts/primitives.ts';

const constantCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
const text = (value: string): string => JSON.stringify(value);
const tuple = (values: readonly string[]): string => `(\n${values.map((value) => `    ${text(value)},\n`).join('')})`;

/** A key function's template, with Python's replacement fields where its arguments stand. */
const template = {
  spec: keys.spec('{experiment_id}'),
  attempt: keys
    .attempt({ experimentId: '{experiment_id}', stage: 'train', run: 1, attempt: 1 })
    .replace('/train/r1-1/', '/{stage}/r{run}-{attempt}/'),
  upload: keys.upload('{tenant}', '{upload_id}'),
  bundle: keys.bundle('{tenant}', '{model}', 0).replace('/0/', '/{version}/'),
  checkpoints: keys.checkpoints('{experiment_id}'),
  rehearsal: keys.rehearsal('{rehearsal_id}', 'report').replace('/report.', '/{rehearsal}.'),
  spotCheckFinding: keys.spotCheck('{spot_check_id}', 'finding'),
  datasetPreparationReport: keys.datasetPreparation('{tenant}', '{preparation_id}', 'report'),
  datasetPreparationRejectedRows: keys.datasetPreparation('{tenant}', '{preparation_id}', 'rejectedRows'),
  weightSnapshots: keys.weightSnapshots('{experiment_id}'),
};

/** The Python module that says the names of `functions/shared/contracts/names.ts`, and those of tasks and heads. */
export const pythonNames = (): string =>
  [
    '"""Generated from functions/shared/contracts by `npm run contracts`. Do not edit."""',
    '',
    '# ruff: noqa: S105 - names of variables, not secrets',
    '',
    'from typing import Final, Literal',
    '',
    `SCHEMA_VERSION: Final = ${SCHEMA_VERSION}`,
    '',
    `Stage = Literal[${STAGES.map(text).join(', ')}]`,
    `STAGES: Final[tuple[Stage, ...]] = ${tuple(STAGES)}`,
    `STAGE_ERRORS: Final = ${tuple(STAGE_ERRORS)}`,
    '',
    `Rehearsal = Literal[${REHEARSALS.map(text).join(', ')}]`,
    '',
    `Task = Literal[${TASKS.map(text).join(', ')}]`,
    `Head = Literal[${HEADS.map(text).join(', ')}]`,
    `DECODE_LOGITS: Final[dict[Head, str]] = {\n${Object.entries(DECODE_LOGITS)
      .map(([head, says]) => `    ${text(head)}: ${text(says)},\n`)
      .join('')}}`,
    '',
    ...Object.entries({ ...STAGE_ENV, ...REHEARSAL_ENV, ...SPOT_CHECK_ENV, ...DATASET_VERSION_ENV }).map(
      ([key, value]) => `ENV_${constantCase(key)}: Final = ${text(value)}`,
    ),
    '',
    ...Object.entries(EXIT_CODES).map(([key, value]) => `EXIT_${constantCase(key)}: Final = ${value}`),
    '',
    ...Object.entries(EVENTS).flatMap(([key, event]) => [
      `EVENT_${constantCase(key)}_SOURCE: Final = ${text(event.source)}`,
      `EVENT_${constantCase(key)}_DETAIL_TYPE: Final = ${text(event.detailType)}`,
    ]),
    '',
    ...Object.entries(ATTEMPT_DOCUMENTS).map(([key, value]) => `DOCUMENT_${constantCase(key)}: Final = ${text(value)}`),
    '',
    ...Object.entries(template).map(([key, value]) => `KEY_${constantCase(key)}: Final = ${text(value)}`),
    '',
  ].join('\n');
