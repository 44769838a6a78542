import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { s3Client } from '../shared/clients.ts';
import { type RehearsalSubjects, rehearsalId, type UpgradeChoice, upgradeChoice } from '../shared/contracts/rehearsal.ts';
import { eventHandler } from '../shared/handlers.ts';
import { listObjects } from '../shared/list-objects.ts';
import { planRehearsal, type RehearsalPlan } from './rehearsal-plan.ts';
import { chooseSubjects } from './subjects.ts';

export const environment = ['CHECKPOINTS_BUCKET', 'RELEASES_BUCKET', 'UPGRADE'] as const;

/** `upgrade` is what somebody who started it by hand wants to see moved; null stands for the deployment's own choice. */
const request = z.strictObject({ rehearsalId, upgrade: upgradeChoice.nullable() });

type Services = { s3: S3Client; checkpoints: string; releases: string; upgrade: UpgradeChoice };

/** First step of a rehearsal: looks for a checkpoint and two bundles, and says what is rehearsed with them and what is not. */
export const findSubjects = async (
  event: unknown,
  { s3, checkpoints, releases, upgrade }: Services,
): Promise<RehearsalPlan & { subjects: RehearsalSubjects }> => {
  const chosen = request.parse(event).upgrade ?? upgrade;
  const [committed, released] = await Promise.all([listObjects(s3, checkpoints, ''), listObjects(s3, releases, 'bundles/')]);
  const subjects = chooseSubjects({ checkpoints: committed, releases: released, releasesBucket: releases });
  return { subjects, ...planRehearsal(subjects, chosen) };
};

export const handler = eventHandler(
  environment,
  ({ CHECKPOINTS_BUCKET, RELEASES_BUCKET, UPGRADE }) => ({
    s3: s3Client(),
    checkpoints: CHECKPOINTS_BUCKET,
    releases: RELEASES_BUCKET,
    upgrade: UPGRADE,
  }),
  findSubjects,
);
