import { join } from 'node:path';
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, inject, it } from 'vitest';
import { REHEARSALS, STAGES } from '../../functions/shared/contracts/names.ts';
import { runSelfCheck } from '../../local/images/run-self-check.ts';
import { selfCheckJobs } from '../../local/images/self-check-jobs.ts';
import { DEPLOYMENT } from '../../local/tier/deployment-name.ts';
import { IMAGES } from '../../local/tier/images.ts';
import { ROOT, tierFolder } from '../../local/tier/paths.ts';
import { readMemory } from '../../local/tier/tier-record.ts';

const { endpoint, region } = inject('tier');
const memory = readMemory(tierFolder('test'));
const credentials = {
  accessKeyId: String(memory?.rootAccessKeyId),
  secretAccessKey: String(memory?.rootSecretAccessKey),
};
const clients = {
  batch: new BatchClient({ endpoint, region, credentials }),
  logs: new CloudWatchLogsClient({ endpoint, region, credentials }),
};
/** With the code that the images hold: the tier of these tests has stand-ins for some stages. */
const jobs = selfCheckJobs({ deployment: DEPLOYMENT, lock: join(ROOT, 'requirements/containers.txt'), gpu: false }).map(
  (job) => ({
    ...job,
    environment: { PYTHONPATH: String(IMAGES.images[`spotforge/${job.image}`]?.pythonPath.join(':')) },
  }),
);

const STAGE_CHECKS = 11;

const jobNamed = (wanted: string): (typeof jobs)[number] => {
  const job = jobs.find(({ name }) => name === wanted);
  if (!job) throw new Error(`there is no job ${wanted}`);
  return job;
};

describe('the self-check, as a job under its own role', () => {
  it('is there for every stage and rehearsal, for the spot check and for datasets', () => {
    expect(jobs.map(({ name }) => name)).toEqual([
      ...STAGES,
      ...REHEARSALS.map((rehearsal) => `rehearse-${rehearsal}`),
      'spot-check',
      'dataset',
    ]);
  });

  // Of all of them: `npm run self-check`. Each imports what its stage imports, which for some is PyTorch.
  it.concurrent('of what makes datasets finds everything it needs', async () => {
    const { passed, lines } = await runSelfCheck(clients, jobNamed('dataset'), 600);
    expect({ passed, failed: lines.filter((line) => line.startsWith('FAILED')) }).toEqual({ passed: true, failed: [] });
  });

  it.concurrent('of ingest finds everything it needs', async () => {
    const { passed, lines } = await runSelfCheck(clients, jobNamed('ingest'), 600);
    expect({ passed, failed: lines.filter((line) => line.startsWith('FAILED')) }).toEqual({ passed: true, failed: [] });
    expect(lines.filter((line) => line.startsWith('ok '))).toHaveLength(STAGE_CHECKS);
  });

  it.concurrent('finds that a stage runs under the role of another, which may neither write its results nor report', async () => {
    const { command, environment } = jobNamed('ingest');
    const other = jobNamed('rehearse-rollback');
    const stranger = { ...other, command, environment: { ...environment, EVENT_BUS: String(inject('outputs').EventBusName) } };
    const { passed, lines } = await runSelfCheck(clients, stranger, 600);
    expect(passed).toBe(false);
    expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([
      expect.stringMatching(/own prefix .*AccessDenied.*prefix/),
      expect.stringMatching(/event bus .*AccessDenied/),
    ]);
  });
});
