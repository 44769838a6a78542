import type { S3Client } from '@aws-sdk/client-s3';
import { keys } from '../shared/contracts/names.ts';
import {
  type SpotCheckFinding,
  type SpotCheckReport,
  spotCheckFinding,
  spotCheckReport,
} from '../shared/contracts/spot-check.ts';
import { jsonOf } from '../shared/json.ts';
import { GONE_OR_UNLISTED, readText } from '../shared/read-text.ts';
import { writeOnce } from '../shared/write-once.ts';

export type SpotCheckStore = ReturnType<typeof spotCheckStore>;

/** `spot-checks/{id}/` of the experiments bucket. */
export const spotCheckStore = (s3: S3Client, bucket: string) => ({
  uriOf: (spotCheckId: string): string => `s3://${bucket}/${keys.spotCheck(spotCheckId, 'report')}`,

  /** What the job left behind; undefined when there is nothing, or something that is not this spot check's or breaks its contract. */
  finding: async (spotCheckId: string): Promise<SpotCheckFinding | undefined> => {
    const text = await readText(s3, bucket, keys.spotCheck(spotCheckId, 'finding'), GONE_OR_UNLISTED);
    const finding = text === undefined ? undefined : spotCheckFinding.safeParse(jsonOf(text)).data;
    return finding?.spotCheckId === spotCheckId ? finding : undefined;
  },

  /** Writes the report once; answers the one that is stored. */
  publish: (report: SpotCheckReport): Promise<SpotCheckReport> =>
    writeOnce({ s3, bucket, key: keys.spotCheck(report.spotCheckId, 'report') }, spotCheckReport, report),
});
