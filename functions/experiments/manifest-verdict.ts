import { createHash } from 'node:crypto';
import * as z from 'zod';
import { ATTEMPT_DOCUMENTS, keys, type Stage } from '../shared/contracts/names.ts';
import { type StageManifest, stageManifest } from '../shared/contracts/stage-documents.ts';
import { jsonOf } from '../shared/json.ts';

/** A manifest that may be used again, or why not, as the end of a sentence. */
export type ManifestVerdict = { holds: true; manifest: StageManifest } | { holds: false; because: string };

type Given = {
  experimentId: string;
  stage: Stage;
  uri: string;
  bucket: string;
  /** The document's bytes; undefined when it is gone. */
  text: string | undefined;
  /** Manifests of earlier stages that hold: URI → SHA-256 of the document. */
  earlier: ReadonlyMap<string, string>;
};

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

const not = (because: string): ManifestVerdict => ({ holds: false, because });

/** Judges the manifest of a stage by itself and by what it was made from; whether its outputs are still there is not asked here. */
export const judgeManifest = ({ experimentId, stage, uri, bucket, text, earlier }: Given): ManifestVerdict => {
  if (text === undefined) return not('its manifest is gone');
  const parsed = stageManifest.safeParse(jsonOf(text));
  if (!parsed.success) return not(`its manifest does not follow the contract (${z.prettifyError(parsed.error).slice(0, 200)})`);
  const manifest = parsed.data;
  if (manifest.experimentId !== experimentId || manifest.stage !== stage)
    return not(`its manifest belongs to ${manifest.stage} of ${manifest.experimentId}`);
  if (uri !== `s3://${bucket}/${keys.attempt(manifest)}${ATTEMPT_DOCUMENTS.manifest}`)
    return not('its manifest lies in the folder of another attempt');
  const changed = manifest.inputs.find((input) => earlier.get(input.manifest) !== input.sha256);
  if (changed) return not(`it was made from another result of ${changed.stage}`);
  return { holds: true, manifest };
};
