import * as z from 'zod';
import { prices } from '../../functions/shared/contracts/experiment-spec.ts';
import { gitSha } from '../../functions/shared/contracts/primitives.ts';
import { queues } from './queues.ts';
import { rehearsals } from './rehearsals.ts';
import { profiles, stages } from './stages.ts';

const image = z
  .strictObject({
    /** Full repository URI. Absent: the deployment's own ECR repository `{name}/{image}`. */
    repository: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.:-]*\/[a-z0-9._/-]+$/, 'expected a repository URI without tag or digest')
      .optional(),
    /** Absent, and no digest either: the git commit that the app is deployed from. */
    tag: z.string().min(1).max(128).optional(),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hexadecimal characters')
      .optional(),
  })
  .refine((value) => !(value.tag && value.digest), 'expected a tag or a digest, not both')
  .prefault({});

const limits = z
  .strictObject({
    /** How long the job at the head of a queue may block it before Batch cancels it with a reason. AWS's minimum is ten minutes. */
    queueSeconds: z.int().min(600).max(86_400).default(600),
    /** An experiment that was stored but has no execution after this time is started by the supervisor. */
    startAfterSeconds: z.int().min(10).default(60),
  })
  .prefault({});

const api = z
  .strictObject({
    /** Requests per second over the whole API; a first wall against a runaway client, far above what people and CI do. */
    rateLimit: z.int().min(1).default(50),
    burstLimit: z.int().min(1).default(100),
    /** Browser origins that may call the API. None: CORS stays off. */
    corsOrigins: z.array(z.url()).default([]),
  })
  .prefault({});

const identity = z
  .strictObject({
    claims: z
      .strictObject({
        tenant: z.string().min(1).default('custom:tenant'),
        groups: z.string().min(1).default('cognito:groups'),
      })
      .prefault({}),
    /** Groups of the deployment's own user pool. */
    groups: z.array(z.string().regex(/^\S+$/, 'expected a group name without spaces')).default(['admins', 'members', 'viewers']),
    /** Another OpenID provider instead of a user pool of the deployment's own. */
    external: z.strictObject({ issuer: z.url({ protocol: /^https$/ }), audience: z.array(z.string().min(1)).min(1) }).optional(),
  })
  .prefault({});

/** Everything about a deployment that somebody may want otherwise. Unknown keys are refused; every default carries its reason. */
export const deploymentConfig = z.strictObject({
  /** Starts every physical name, so that two deployments in one account do not see each other. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,19}$/, 'expected 2 to 20 of a-z, 0-9 and -, starting with a letter')
    .default('spotforge'),
  /** The commit that stands in every manifest and bundle. */
  gitSha: gitSha.default('unknown'),
  images: z.strictObject({ data: image, training: image, optimization: image }).prefault({}),
  queues,
  stages,
  profiles,
  limits,
  rehearsals,
  api,
  identity,
  /** Prefixes beside uploads from which datasets and base models may be read. */
  allowedSources: z
    .array(
      z.string().regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/([^*?]*\/)?$/, 'expected s3://bucket/ or s3://bucket/prefix/'),
    )
    .default([]),
  /** Long enough to look into last month's experiment; logs are the one thing here that costs money for ever. */
  logRetentionDays: z.union([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365].map((days) => z.literal(days))).default(30),
  /** What becomes of buckets, table, users and images when the storage stack is deleted. A bucket that is not empty stays in any case. */
  data: z.enum(['retain', 'destroy']).default('retain'),
  /** Days until checkpoints, finished or forgotten uploads, and non-current versions go. */
  expiry: z
    .strictObject({
      checkpointDays: z.int().min(1).default(14), // a cancelled training can be resumed for two weeks
      uploadDays: z.int().min(1).default(30), // ingest copies what it accepts; a queued experiment still finds its upload
      nonCurrentDays: z.int().min(1).default(30), // time to notice and undo an overwrite
    })
    .prefault({}),
  /** Private subnets behind a NAT gateway, which costs about 33 USD a month idle. Off: public subnets without ingress. */
  privateSubnets: z.boolean().default(false),
  /** Zones to use, the region's first ones. The more, the better the chance of spot capacity; an empty subnet costs nothing. */
  availabilityZones: z.int().min(1).max(6).default(3),
  /**
   * What an experiment's cost is estimated with. On demand: `aws pricing get-products --service-code AmazonEC2` for instanceType g6.xlarge, Linux, shared.
   * Spot: the median of `aws ec2 describe-spot-price-history --instance-types g6.xlarge --product-descriptions Linux/UNIX` over a month. Set `asOf` with them.
   */
  prices: prices.default({
    instanceType: 'g6.xlarge',
    currency: 'USD',
    onDemandPerHour: 0.8048,
    spotPerHour: 0.36,
    region: 'us-east-1',
    asOf: '2026-11-01',
  }),
});
export type Deployment = z.output<typeof deploymentConfig>;
export type DeploymentInput = z.input<typeof deploymentConfig>;
