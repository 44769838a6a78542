import * as z from 'zod';
import { prices } from '../../functions/shared/contracts/experiment-spec.ts';
import { gitSha, tenant } from '../../functions/shared/contracts/primitives.ts';
import { deliveryStage } from './delivery-stages.ts';
import { domain, edge } from './front.ts';
import { benchmarkOnGraviton } from './graviton.ts';
import { inference } from './inference.ts';
import { machineClients } from './machine-clients.ts';
import { queues } from './queues.ts';
import { rehearsals } from './rehearsals.ts';
import { spotChecks } from './spot-checks.ts';
import { profiles, stages } from './stages.ts';
import { customerKeys, existing, objectLock, replication } from './storage.ts';

const image = z
  .strictObject({
    repository: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.:-]*\/[a-z0-9._/-]+$/, 'expected a repository URI without tag or digest')
      .optional()
      .describe('Full repository URI. None: the deployment’s own ECR repository, `{name}/{image}`.'),
    tag: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe(
        'None, and no digest either: the git commit that the app is deployed from, as the images are tagged when they are built.',
      ),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hexadecimal characters')
      .optional()
      .describe('Instead of a tag, where even the registry is not trusted to keep one.'),
  })
  .refine((value) => !(value.tag && value.digest), 'expected a tag or a digest, not both')
  .prefault({});

const limits = z
  .strictObject({
    queueSeconds: z
      .int()
      .min(600)
      .max(86_400)
      .default(600)
      .describe(
        'How long the job at the head of a queue may block it before Batch cancels it with a reason. AWS’s minimum is ten minutes.',
      ),
    startAfterSeconds: z
      .int()
      .min(10)
      .default(60)
      .describe(
        'An experiment that was stored but has no execution after this time is started by the supervisor, which looks each minute.',
      ),
  })
  .prefault({});

const api = z
  .strictObject({
    rateLimit: z
      .int()
      .min(1)
      .default(50)
      .describe(
        'Requests per second over the whole API; a first wall against a runaway client, far above what people and CI do.',
      ),
    burstLimit: z.int().min(1).default(100).describe('Of them at once: two seconds’ worth.'),
    corsOrigins: z.array(z.url()).default([]).describe('Browser origins that may call the API. None: CORS stays off.'),
  })
  .prefault({});

const identity = z
  .strictObject({
    claims: z
      .strictObject({
        tenant: z
          .string()
          .min(1)
          .default('custom:tenant')
          .describe('The claim that names the tenant, as the own user pool has it.'),
        groups: z
          .string()
          .min(1)
          .default('cognito:groups')
          .describe('The claim that lists the groups, as the own user pool has it.'),
      })
      .prefault({}),
    groups: z
      .array(z.string().regex(/^\S+$/, 'expected a group name without spaces'))
      .default(['admins', 'members', 'viewers'])
      .describe('Groups of the deployment’s own user pool.'),
    external: z
      .strictObject({
        issuer: z.url({ protocol: /^https$/ }).describe('Its address, as the tokens name it.'),
        audience: z.array(z.string().min(1)).min(1).describe('For whom its tokens must have been made.'),
      })
      .optional()
      .describe('Another OpenID provider instead of a user pool of the deployment’s own.'),
  })
  .prefault({});

/** Lambda takes 64 characters of a function's name, and a function's environment takes 4 KiB, in which the queues' ARNs stand. */
export const MAX_NAME = 20;

/** Everything about a deployment that somebody may want otherwise. Unknown keys are refused; every default carries its reason: docs/configuration.md. */
export const deploymentConfig = z.strictObject({
  deliveryStage,
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,19}$/, `expected 2 to ${MAX_NAME} of a-z, 0-9 and -, starting with a letter`)
    .default('spotforge')
    .describe('Starts every physical name, so that two deployments in one account do not see each other.'),
  tenant: tenant
    .optional()
    .describe(
      'A deployment of its own for this one tenant: tokens of any other are refused (403), and `name` goes on with `-{tenant}`. None: tenants share the deployment; [security.md](security.md) says what separates them then.',
    ),
  gitSha: gitSha
    .default('unknown')
    .describe('The commit that stands in every manifest and bundle. `unknown`: that of the work tree, if there is one.'),
  images: z.strictObject({ data: image, training: image, optimization: image, inference: image }).prefault({}),
  queues,
  stages,
  profiles,
  benchmarkOnGraviton,
  limits,
  rehearsals,
  spotChecks,
  api,
  identity,
  machineClients,
  domain,
  edge,
  inference,
  allowedSources: z
    .array(
      z.string().regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/([^*?]*\/)?$/, 'expected s3://bucket/ or s3://bucket/prefix/'),
    )
    .default([])
    .describe(
      'Prefixes beside uploads from which datasets and base models may be read. None: whoever submits could otherwise read whatever the role can.',
    ),
  logRetentionDays: z
    .union([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365].map((days) => z.literal(days)))
    .default(30)
    .describe('Long enough to look into last month’s experiment; logs are the one thing here that costs money for ever.'),
  terminationProtection: z
    .boolean()
    .default(false)
    .describe(
      'Stacks refuse to be deleted until this is switched off again. Off: what a first look at an account made should go with one command.',
    ),
  data: z
    .enum(['retain', 'destroy'])
    .default('retain')
    .describe(
      'What becomes of buckets, table, users and images when the storage stack is deleted; retained, table and users are protected from deletion besides. A bucket that is not empty stays in any case.',
    ),
  existing,
  objectLock,
  replication,
  customerKeys,
  expiry: z
    .strictObject({
      checkpointDays: z
        .int()
        .min(1)
        .default(14)
        .describe('Days until checkpoints go: a cancelled training can be resumed for two weeks.'),
      uploadDays: z
        .int()
        .min(1)
        .default(30)
        .describe(
          'Days until finished or forgotten uploads go: ingest copies what it accepts; a queued experiment still finds its upload.',
        ),
      nonCurrentDays: z
        .int()
        .min(1)
        .default(7)
        .describe(
          'Days until non-current versions go: time to notice and undo a deletion. Nothing of ours is overwritten, so that there are few.',
        ),
    })
    .prefault({}),
  privateSubnets: z
    .boolean()
    .default(false)
    .describe(
      'Private subnets behind a NAT gateway, which costs 36.50 USD a month idle, its address included. Off: public subnets that let nothing in.',
    ),
  availabilityZones: z
    .int()
    .min(1)
    .max(6)
    .default(3)
    .describe(
      'Zones to use, the region’s first ones. The more, the better the chance of spot capacity; an empty subnet costs nothing.',
    ),
  prices: prices
    .default({
      instanceType: 'g6.xlarge',
      currency: 'USD',
      onDemandPerHour: 0.8048,
      spotPerHour: 0.36,
      region: 'us-east-1',
      asOf: '2026-11-01',
    })
    .describe(
      'What an experiment’s cost is estimated with. On demand: `aws pricing get-products --service-code AmazonEC2` for instanceType g6.xlarge, Linux, shared. Spot: the median of `aws ec2 describe-spot-price-history --instance-types g6.xlarge --product-descriptions Linux/UNIX` over a month. Set `asOf` with them.',
    ),
});
export type Deployment = z.output<typeof deploymentConfig>;
/** The stages' images, and the inference server's. */
export type ImageName = keyof Deployment['images'];
export type DeploymentInput = z.input<typeof deploymentConfig>;
