import { parseArgs } from 'node:util';
import { z } from 'zod';
import { messageOf, StartupError } from './errors.ts';

const USAGE =
  'node local/batch/main.ts --port PORT --state DIR --aws-endpoint URL --images FILE [--max-vcpus N] [--max-concurrent-jobs 2] [--account ID] [--time-scale 1]';

const schema = z.object({
  port: z.coerce.number().int().min(0).max(65_535),
  state: z.string().min(1),
  'aws-endpoint': z.url(),
  images: z.string().min(1),
  'max-vcpus': z.coerce.number().int().positive().optional(),
  'max-concurrent-jobs': z.coerce.number().int().positive().default(2),
  account: z
    .string()
    .regex(/^\d{12}$/)
    .default('000000000000'),
  'time-scale': z.coerce.number().positive().default(1),
});

const environmentSchema = z.object({
  AWS_ACCESS_KEY_ID: z.string('is missing'),
  AWS_SECRET_ACCESS_KEY: z.string('is missing'),
  AWS_REGION: z.string().default('us-east-1'),
});

export interface Options {
  port: number;
  state: string;
  awsEndpoint: string;
  images: string;
  account: string;
  region: string;
  maxConcurrentJobs: number;
  vcpuCap?: number | undefined;
  timeScale: number;
  accessKeyId: string;
  secretAccessKey: string;
}

/** The command line and the environment, the only place that reads either. */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): Options {
  try {
    const text = { type: 'string' } as const;
    const names = Object.keys(schema.shape).map((name) => [name, text] as const);
    const given = schema.parse(parseArgs({ args, options: Object.fromEntries(names) }).values);
    const keys = environmentSchema.parse(environment);
    return {
      port: given.port,
      state: given.state,
      awsEndpoint: given['aws-endpoint'],
      images: given.images,
      account: given.account,
      region: keys.AWS_REGION,
      maxConcurrentJobs: given['max-concurrent-jobs'],
      vcpuCap: given['max-vcpus'],
      timeScale: given['time-scale'],
      accessKeyId: keys.AWS_ACCESS_KEY_ID,
      secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
    };
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    throw new StartupError(`${issue ? `${issue.path.join('.')}: ${issue.message}` : messageOf(error)}. Usage: ${USAGE}`);
  }
}
