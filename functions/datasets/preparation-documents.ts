import type { S3Client } from '@aws-sdk/client-s3';
import {
  type DatasetPreparationRequest,
  type DatasetReport,
  datasetPreparationRequest,
  datasetReport,
} from '../shared/contracts/dataset-preparation.ts';
import { keys } from '../shared/contracts/names.ts';
import { jsonOf } from '../shared/json.ts';
import { GONE_OR_UNLISTED, readText } from '../shared/read-text.ts';
import { signGet } from '../shared/sign-get.ts';
import { writeOnce } from '../shared/write-once.ts';

export type PreparationDocuments = ReturnType<typeof preparationDocuments>;
type Preparation = { tenant: string; dataset: string; id: string };

/** `dataset-preparations/{tenant}/{id}/` of the datasets bucket. */
export const preparationDocuments = (s3: S3Client, bucket: string) => ({
  requestUri: ({ tenant, id }: Preparation): string => `s3://${bucket}/${keys.datasetPreparation(tenant, id, 'request')}`,

  ask: async (request: DatasetPreparationRequest): Promise<void> => {
    const key = keys.datasetPreparation(request.tenant, request.preparationId, 'request');
    await writeOnce({ s3, bucket, key }, datasetPreparationRequest, request);
  },

  /** What the job left behind; undefined when there is nothing, or something that is another's or breaks its contract. */
  report: async ({ tenant, dataset, id }: Preparation): Promise<DatasetReport | undefined> => {
    const text = await readText(s3, bucket, keys.datasetPreparation(tenant, id, 'report'), GONE_OR_UNLISTED);
    const report = text === undefined ? undefined : datasetReport.safeParse(jsonOf(text)).data;
    return report?.preparationId === id && report.tenant === tenant && report.dataset === dataset ? report : undefined;
  },

  /** A URL of the file with every rejected row. */
  rejectedRows: ({ tenant, id }: Preparation): Promise<string> =>
    signGet(s3, bucket, keys.datasetPreparation(tenant, id, 'rejectedRows')),
});
