import * as z from 'zod';
import { name, tenant } from '../../functions/shared/contracts/primitives.ts';
import type { Deployment } from './deployment.ts';

/** The least and the most memory in GiB that Fargate gives to so many processors, and in which steps. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const FARGATE_SIZES = {
  1: { least: 2, most: 8, step: 1 },
  2: { least: 4, most: 16, step: 1 },
  4: { least: 8, most: 30, step: 1 },
  8: { least: 16, most: 60, step: 4 },
} as const;

const MODEL_RULE = 'expected tenant/model, as acme/sentiment';
const isServedName = (value: string): boolean => {
  const [owner, model, ...more] = value.split('/');
  return more.length === 0 && tenant.safeParse(owner).success && name.safeParse(model).success;
};

/** How one model is served. */
const service = z.strictObject({
  minTasks: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe(
      'Servers that always run. One in each of three zones: when a zone fails, two thirds are left. Each costs 61 USD a month, its address included, busy or not.',
    ),
  maxTasks: z
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('The most that a busy hour may start, and so the most that it can cost: 20 are 1.70 USD an hour.'),
  vcpus: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)])
    .default(2)
    .describe('Processors of a server, Arm. Two, as the Graviton that the benchmark stage measures on: its figures hold here.'),
  memoryGiB: z
    .int()
    .min(2)
    .max(60)
    .default(4)
    .describe(
      'Memory of a server: the least that Fargate gives to two processors, and room for two versions side by side, each of some hundred million parameters.',
    ),
  p95Milliseconds: z
    .int()
    .min(10)
    .max(10_000)
    .default(100)
    .describe(
      'Above this, servers are added; above three times this, an alarm rings. Twice the 50 ms that one request may take alone: then requests wait as long as they compute.',
    ),
});

/** IPv4 networks no wider than a /8: nobody means half of the internet. */
const network = z.cidrv4('expected a network, as 10.20.0.0/16').refine((value) => Number(value.split('/')[1]) >= 8, {
  message: 'expected a network no wider than /8: predictions want no token, so that whoever gets through is answered',
});

export const inference = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'A stack that answers with released models, around the clock: [inference-stack.md](inference-stack.md). Off: it costs 202 USD a month and model, whether anybody asks or not.',
      ),
    models: z
      .record(z.string().refine(isServedName, MODEL_RULE), service)
      .default({})
      .describe('What is served, by `tenant/model` as bundles are named: a service and a load balancer for each.'),
    certificateArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/, 'expected the ARN of a certificate in ACM')
      .optional()
      .describe(
        'The certificate that the load balancers show, of the deployment’s own region. Wanted as soon as the stack is on: requests carry people’s texts, promotions a token.',
      ),
    internetFacing: z
      .boolean()
      .default(false)
      .describe(
        'Load balancers have public addresses and let `clients` in. Off: they are reached from within the deployment’s network and what is joined to it.',
      ),
    clients: z
      .array(network)
      .max(20)
      .default([])
      .describe(
        'Networks that may ask. None: the deployment’s own. A prediction wants no token: who asks is decided here and by what you put in front.',
      ),
    alarmTopic: z
      .string()
      .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$/, 'expected the ARN of an SNS topic')
      .optional()
      .describe('A topic of yours that the alarms tell. None: they show in CloudWatch, and roll deployments back all the same.'),
  })
  .prefault({});

/** A model that is served, and how. */
export type ServedModel = { tenant: string; model: string } & z.output<typeof service>;

/** None while the stack is off, whatever is configured for it. */
export const servedModels = ({ inference: { enabled, models } }: Deployment): ServedModel[] =>
  enabled
    ? Object.entries(models).map(([key, how]) => {
        const [owner = '', model = ''] = key.split('/');
        return { tenant: owner, model, ...how };
      })
    : [];

/** Where the versions of a model lie in the releases bucket. */
export const bundlesOf = ({ tenant: owner, model }: { tenant: string; model: string }): string => `bundles/${owner}/${model}/`;

/** The document in the same bucket that says which of them are served. `*` for either: any model's. */
export const desiredStateOf = ({ tenant: owner, model }: { tenant: string; model: string }): string =>
  `serving/${owner}/${model}/desired.json`;

/** A load balancer stands in two zones at least. */
const LEAST_ZONES = 2;

/** What cannot be served as configured. Nothing is asked of a stack that is off. */
export const inferenceProblems = (deployment: Deployment): string[] => {
  const { inference: settings, availabilityZones, tenant: only } = deployment;
  if (!settings.enabled) return [];
  const models = servedModels(deployment);
  return [
    ...problem(
      models.length === 0,
      'inference.enabled is true, but inference.models names none: nothing would be served. Name one as "tenant/model": {}, or switch it off.',
    ),
    ...problem(
      settings.certificateArn === undefined,
      'inference.enabled is true, but there is no inference.certificateArn: requests and the token of promotions would travel in the clear. `aws acm request-certificate --domain-name models.example.com --validation-method DNS` makes one for nothing, `aws acm import-certificate` takes one of your own.',
    ),
    ...problem(
      settings.internetFacing && settings.clients.length === 0,
      'inference.internetFacing is true, but inference.clients names no network: predictions want no token, so that the whole internet would be answered. Name the networks that may ask.',
    ),
    ...problem(
      availabilityZones < LEAST_ZONES,
      `inference.enabled is true, but availabilityZones is ${availabilityZones}: a load balancer stands in ${LEAST_ZONES} zones at least. Raise it.`,
    ),
    ...models.flatMap((served) => modelProblems(served, only)),
  ];
};

const modelProblems = (served: ServedModel, only: string | undefined): string[] => {
  const { minTasks, maxTasks, vcpus, memoryGiB } = served;
  const field = `inference.models.${served.tenant}/${served.model}`;
  const { least, most, step } = FARGATE_SIZES[vcpus];
  return [
    ...problem(
      minTasks > maxTasks,
      `${field}.minTasks is ${minTasks}, but ${field}.maxTasks is ${maxTasks}. Raise the one or lower the other.`,
    ),
    ...problem(
      memoryGiB < least || memoryGiB > most || memoryGiB % step !== 0,
      `${field}.memoryGiB is ${memoryGiB}, but with ${vcpus} vCPUs (vcpus) Fargate gives ${least} to ${most} GiB${step > 1 ? ` in steps of ${step}` : ''}. Change one of them.`,
    ),
    ...problem(
      only !== undefined && served.tenant !== only,
      `${field} is a model of ${served.tenant}, but this deployment serves ${only} only (tenant). Remove it or move it to a deployment of its own.`,
    ),
  ];
};

const problem = (broken: boolean, says: string): string[] => (broken ? [says] : []);
