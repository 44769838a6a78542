import type { S3Client } from '@aws-sdk/client-s3';
import { keys, type Rehearsal } from '../shared/contracts/names.ts';
import { type RehearsalReport, rehearsalFinding, rehearsalReport } from '../shared/contracts/rehearsal.ts';
import { jsonOf } from '../shared/json.ts';
import { GONE_OR_UNLISTED, readText } from '../shared/read-text.ts';
import { writeOnce } from '../shared/write-once.ts';

export type RehearsalStore = ReturnType<typeof rehearsalStore>;

/** `rehearsals/{id}/` of the experiments bucket. */
export const rehearsalStore = (s3: S3Client, bucket: string) => {
  const read = async (key: string): Promise<unknown> => {
    const text = await readText(s3, bucket, key, GONE_OR_UNLISTED);
    return text === undefined ? undefined : jsonOf(text);
  };

  return {
    uriOf: (rehearsalId: string): string => `s3://${bucket}/${keys.rehearsal(rehearsalId, 'report')}`,

    /** What a job left behind; undefined when there is none, or one that is not this rehearsal's or breaks its contract. */
    finding: async (rehearsalId: string, rehearsal: Rehearsal) => {
      const finding = rehearsalFinding.safeParse(await read(keys.rehearsal(rehearsalId, rehearsal))).data;
      return finding?.rehearsalId === rehearsalId && finding.rehearsal === rehearsal ? finding : undefined;
    },

    /** Writes the report once. Answers the report that is stored, which is an earlier call's when this is a repetition. */
    publish: (report: RehearsalReport): Promise<RehearsalReport> =>
      writeOnce({ s3, bucket, key: keys.rehearsal(report.rehearsalId, 'report') }, rehearsalReport, report),
  };
};
