import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';

/** What is in an account, each as `service store: id`. */
export type Inventory = ReadonlySet<string>;

/** A store of the local AWS: its entries under keys that start with account and region. Anything else is a counter. */
const scoped = z.object({ data: z.record(z.string(), z.unknown()) });
const savedService = z.object({ payload: z.record(z.string(), z.unknown()).optional() });
const savedBatch = z.record(z.string(), z.record(z.string(), z.object({ status: z.string().optional() })));

/** Stores of what was, not of what is; the history of an alarm outlives the alarm in AWS, too. */
const HISTORY = [
  'cloudformation stack_events',
  'cloudformation change_sets',
  'cloudformation template_versions',
  'cloudwatch alarm_history',
];

/** What every bootstrapped account of the local AWS has before anything is deployed to it. */
const OF_ANY_ACCOUNT = [
  /CDKToolkit|cdk-hnb659fds|CdkBootstrap|cdk-bootstrap/,
  /: (vpc|subnet|sg|igw|rtb|acl)-0000000\d$/, // the default network
  /^eventbridge buses: default$/,
  /^elasticache \w+: default\./, // parameter groups of AWS
  /: arn:aws:iam::aws:policy\//, // how often the bootstrap uses a policy of AWS
];

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** The backup that DynamoDB makes itself of a deleted table with point-in-time recovery: free, not to be deleted, gone after 35 days. */
const systemBackup = z.object({ BackupDetails: z.object({ BackupType: z.literal('SYSTEM') }) });

/** Of a deleted stack, of an execution that is over: AWS, too, can tell of them for 90 days. */
const isOver = (value: object): boolean =>
  systemBackup.safeParse(value).success ||
  ('StackStatus' in value && value.StackStatus === 'DELETE_COMPLETE') ||
  ('executionArn' in value && 'stopDate' in value && value.stopDate !== null);

/** Whether an entry is still something: of a deleted API an empty shell stays. */
const isThere = (value: unknown): boolean =>
  value === null || typeof value !== 'object' || (Object.keys(value).length > 0 && !isOver(value));

/** `000000000000 NUL us-east-1 NUL 'name'`, the last part as Python writes it. */
const idOf = (key: string): string => (key.split('\0').at(-1) ?? key).replace(/^'(.*)'$/, '$1');

const ofService = (folder: string, file: string): string[] => {
  const service = file.replace(/\.json$/, '');
  const { payload = {} } = savedService.parse(json(join(folder, file)));
  return Object.entries(payload).flatMap(([store, content]) => {
    const { success, data } = scoped.safeParse(content);
    if (!success || HISTORY.includes(`${service} ${store}`)) return [];
    return Object.entries(data.data).flatMap(([key, value]) => (isThere(value) ? [`${service} ${store}: ${idOf(key)}`] : []));
  });
};

/** Definitions that are deregistered are history, too: Batch drops them after 180 days. */
const ofBatch = (file: string): string[] =>
  Object.entries(savedBatch.parse(json(file))).flatMap(([store, records]) =>
    Object.entries(records).flatMap(([id, { status }]) => (status === 'INACTIVE' ? [] : [`batch ${store}: ${id}`])),
  );

/** `objects/{account}/{bucket}/…` and, for versions, `objects/.versions/{account}/{bucket}/…`; a folder without a file is nothing. */
const ofDisk = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(
          ({ parentPath, name }) =>
            relative(folder, join(parentPath, name))
              .replace(/^\.versions\//, '')
              .split('/')[1],
        )
        .map((bucket) => `s3 objects: ${bucket}`)
    : [];

/**
 * All that the account of a tier has beyond what any account has, of every service that the local AWS knows: read from what a clean stop
 * saved, so that no listing can leave anything out.
 */
export const keptState = (tier: string): Inventory => {
  const services = join(tier, 'aws/services');
  const found = [
    ...readdirSync(services)
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => ofService(services, file)),
    ...ofBatch(join(tier, 'batch/resources.json')),
    ...ofDisk(join(tier, 'aws/objects')),
  ];
  return new Set(found.filter((each) => !OF_ANY_ACCOUNT.some((pattern) => pattern.test(each))).sort());
};
