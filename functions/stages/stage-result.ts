import * as z from 'zod';
import type { AttemptId } from '../shared/contracts/names.ts';
import { type StageResult, type StageSummaries, stageResult, stageSummaries } from '../shared/contracts/stage-documents.ts';
import type { ResultRead } from './job-view.ts';

export type StageErrorReport = Extract<StageResult, { error: unknown }>['error'] & { diagnostics: string[] };

/** What an attempt's `result.json` is worth: the stage's figures, the stage's own account of its failure, or nothing, and why. */
export type JudgedResult =
  | { verdict: 'succeeded'; manifest: string; summary: NonNullable<StageSummaries[keyof StageSummaries]> }
  | { verdict: 'failed'; report: StageErrorReport }
  | { verdict: 'unusable'; because: string };

const unusable = (because: string): JudgedResult => ({ verdict: 'unusable', because });
const firstLine = (error: z.ZodError): string =>
  z
    .prettifyError(error)
    .replaceAll(/\s*\n\s*/g, ' ')
    .slice(0, 500);

/** Judges a `result.json` for exactly this attempt. */
export const judgeResult = (at: AttemptId, read: ResultRead): JudgedResult => {
  if (read.state !== 'read') return unusable('it left no result.json');
  const parsed = stageResult.safeParse(read.document);
  if (!parsed.success) return unusable(`its result.json does not follow the contract: ${firstLine(parsed.error)}`);
  const { experimentId, run, stage, attempt } = parsed.data;
  if (experimentId !== at.experimentId || run !== at.run || stage !== at.stage || attempt !== at.attempt)
    return unusable(`its result.json belongs to attempt ${run}/${stage}/${attempt} of ${experimentId}`);
  if (parsed.data.outcome !== 'succeeded')
    return { verdict: 'failed', report: { ...parsed.data.error, diagnostics: parsed.data.diagnostics } };
  const summary = stageSummaries[stage].safeParse(parsed.data.summary);
  if (!summary.success) return unusable(`its summary does not follow the contract: ${firstLine(summary.error)}`);
  return { verdict: 'succeeded', manifest: parsed.data.manifest, summary: summary.data };
};
