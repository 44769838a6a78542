import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isNamed } from '../shared/aws-errors.ts';
import { keys, type Rehearsal } from '../shared/contracts/names.ts';
import { type RehearsalReport, rehearsalFinding, rehearsalReport } from '../shared/contracts/rehearsal.ts';

export type RehearsalStore = ReturnType<typeof rehearsalStore>;

/** Without s3:ListBucket a missing key answers 403: both mean that it is not there. */
const MISSING = ['NoSuchKey', 'AccessDenied', 'Forbidden'];

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `rehearsals/{id}/` of the experiments bucket. */
export const rehearsalStore = (s3: S3Client, bucket: string) => {
  const read = async (key: string): Promise<unknown> => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return parsed((await Body?.transformToString()) ?? '');
    } catch (error) {
      if (isNamed(error, ...MISSING)) return undefined;
      throw error;
    }
  };

  return {
    uriOf: (rehearsalId: string): string => `s3://${bucket}/${keys.rehearsal(rehearsalId, 'report')}`,

    /** What a job left behind; undefined when there is none, or one that is not this rehearsal's or breaks its contract. */
    finding: async (rehearsalId: string, rehearsal: Rehearsal) => {
      const finding = rehearsalFinding.safeParse(await read(keys.rehearsal(rehearsalId, rehearsal))).data;
      return finding?.rehearsalId === rehearsalId && finding.rehearsal === rehearsal ? finding : undefined;
    },

    /** Writes the report once. Answers the report that is stored, which is an earlier call's when this is a repetition. */
    publish: async (report: RehearsalReport): Promise<RehearsalReport> => {
      const key = keys.rehearsal(report.rehearsalId, 'report');
      const Body = `${JSON.stringify(rehearsalReport.parse(report), null, 2)}\n`;
      try {
        await s3.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'application/json', IfNoneMatch: '*' }),
        );
        return report;
      } catch (error) {
        if (!isNamed(error, 'PreconditionFailed')) throw error;
        return rehearsalReport.parse(await read(key));
      }
    },
  };
};
