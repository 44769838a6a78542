import { lastSegment } from '../arns.ts';
import type { Overlay } from '../faults.ts';
import type { JobRecord } from '../state/job-record.ts';
import type { ImageEnvironment } from './images.ts';

export interface ChildEnvironmentInput {
  job: Pick<JobRecord, 'jobId' | 'jobQueue' | 'container'>;
  attempt: { number: number; computeEnvironment: string };
  image: ImageEnvironment;
  /** Directory of this attempt alone. */
  scratch: string;
  region: string;
  awsEndpoint: string;
  metadataEndpoint: string;
  /** Absent for a job without a role. */
  credentials?: { uri: string; token: string } | undefined;
  /** A fault planted inside the container. */
  overlay?: Overlay | undefined;
}

/**
 * All that a job's process sees; nothing of the executor's own environment gets in. Weakest first: what an image brings, the
 * container's environment, then what the platform sets and a container cannot change, and over all of it a planted fault.
 */
export function childEnvironment(input: ChildEnvironmentInput): Record<string, string> {
  const environment = plainEnvironment(input);
  if (!input.overlay) return environment;
  const overlaid = { ...environment, ...input.overlay.environment };
  return { ...overlaid, PYTHONPATH: [input.overlay.pythonPath, overlaid.PYTHONPATH].filter(Boolean).join(':') };
}

function plainEnvironment(input: ChildEnvironmentInput): Record<string, string> {
  const { job, attempt, image, scratch, region, credentials } = input;
  const container = (job.container.environment ?? []).map(({ name = '', value = '' }) => [name, value] as const);
  return {
    PATH: `${image.python}:/usr/local/bin:/usr/bin:/bin`,
    PYTHONPATH: image.pythonPath.join(':'),
    LANG: 'C.UTF-8',
    HOME: scratch,
    TMPDIR: scratch,
    ...image.environment,
    ...Object.fromEntries(container.filter(([name]) => name !== '')),
    AWS_BATCH_JOB_ID: job.jobId,
    AWS_BATCH_JQ_NAME: lastSegment(job.jobQueue),
    AWS_BATCH_CE_NAME: attempt.computeEnvironment,
    AWS_BATCH_JOB_ATTEMPT: String(attempt.number),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: input.awsEndpoint,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: input.metadataEndpoint,
    // The metadata service here has no credentials to give; SDKs must not wait for them.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(credentials && {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: credentials.uri,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: credentials.token,
    }),
  };
}
