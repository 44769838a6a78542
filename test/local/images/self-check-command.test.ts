import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { REHEARSALS, STAGES } from '../../../functions/shared/contracts/names.ts';
import { selfCheckJobs } from '../../../local/images/self-check-jobs.ts';
import { ROOT } from '../../../local/tier/paths.ts';
import { resourcesOf, synthesise } from '../../lib/synthesised.ts';

type Ended = { stderr: string; code?: number };

const selfCheck = (args: string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/images/self-check.ts', ...args], {
    cwd: ROOT,
  }).catch((error: Ended) => error);

describe('the jobs of a self-check', () => {
  const inAccount = selfCheckJobs({ deployment: 'spotforge', gpu: true });

  it('are one for each stage and rehearsal, for the spot check and for datasets, each with the definition and the argv of its own', () => {
    const { compute, pipeline, ...others } = synthesise().templates;
    const templates = [compute, pipeline, ...Object.values(others)];
    const properties = (type: string) =>
      templates.flatMap((one) => resourcesOf(one, type).map(([, resource]) => resource.Properties));
    const commands = new Map(
      properties('AWS::Batch::JobDefinition').map(({ JobDefinitionName, ContainerProperties }) => [
        JobDefinitionName,
        (ContainerProperties as { Command: string[] }).Command,
      ]),
    );
    const queues = properties('AWS::Batch::JobQueue').map(({ JobQueueName }) => JobQueueName);
    expect(inAccount).toHaveLength(STAGES.length + REHEARSALS.length + 2);
    for (const { definition, queue, command } of inAccount) {
      const own = commands.get(definition) ?? [];
      expect(command.slice(0, own.length + 1)).toEqual([...own, '--self-check']);
      expect(queues).toContain(queue);
    }
  });

  it('have training demand a GPU in an account, and nothing demand one on a laptop', () => {
    const demanding = (jobs: typeof inAccount): string[] =>
      jobs.filter(({ command }) => command.includes('--require-gpu')).map(({ name }) => name);
    expect(demanding(inAccount)).toEqual(['train']);
    expect(demanding(selfCheckJobs({ deployment: 'spotforge', gpu: false }))).toEqual([]);
  });

  it('take the lock that lies in the image, unless they are given another', () => {
    expect(inAccount.flatMap(({ command }) => command)).not.toContain('--lock');
    const [given] = selfCheckJobs({ deployment: 'spotforge', lock: '/a/lock.txt', gpu: false });
    expect(given?.command.slice(-2)).toEqual(['--lock', '/a/lock.txt']);
  });
});

describe('npm run self-check', () => {
  it.concurrent.each([
    [['--local'], "Unknown option '--local'"],
    [['inference'], 'There is no job inference; there are ingest, prepare, train, '],
    [['--name', 'other'], '--name, --region and --profile go with --account'],
  ])('refuses %j', async (args, sentence) => {
    const { code, stderr } = await selfCheck(args);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
