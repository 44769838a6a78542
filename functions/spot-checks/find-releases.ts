import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { s3Client } from '../shared/clients.ts';
import { SPOT_CHECK_ENV } from '../shared/contracts/names.ts';
import { spotCheckId } from '../shared/contracts/spot-check.ts';
import { eventHandler } from '../shared/handlers.ts';
import { listObjects } from '../shared/list-objects.ts';
import { newestBundles } from './newest-bundles.ts';

export const environment = ['RELEASES_BUCKET', 'SPOT_CHECK_MODELS'] as const;

const request = z.strictObject({ spotCheckId });

type Services = { s3: S3Client; releases: string; most: number };

/** What the job is told, in the spelling of Step Functions' SubmitJob, and what the report says of the choice. */
type Found = { environment: { Name: string; Value: string }[]; found: { bundles: number; notes: string[] } };

/** First step of a spot check: chooses the bundles that it looks at. */
export const findReleases = async (event: unknown, { s3, releases, most }: Services): Promise<Found> => {
  const { spotCheckId: id } = request.parse(event);
  const { bundles, notes } = newestBundles(await listObjects(s3, releases, 'bundles/'), releases, most);
  return {
    environment: [
      { Name: SPOT_CHECK_ENV.spotCheckId, Value: id },
      { Name: SPOT_CHECK_ENV.bundles, Value: JSON.stringify(bundles) },
    ],
    found: { bundles: bundles.length, notes },
  };
};

export const handler = eventHandler(
  environment,
  ({ RELEASES_BUCKET, SPOT_CHECK_MODELS }) => ({ s3: s3Client(), releases: RELEASES_BUCKET, most: SPOT_CHECK_MODELS }),
  findReleases,
);
