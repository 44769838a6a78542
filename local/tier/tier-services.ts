import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageMap } from './images.ts';
import { ROOT } from './paths.ts';
import { type Service, startService } from './service.ts';
import type { TierMemory } from './tier-record.ts';

export const REGION = 'us-east-1';

/** What any tool of ours needs of the user's environment; nothing of the user's AWS settings reaches the tier. */
const toolEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  ...(process.env.TMPDIR === undefined ? {} : { TMPDIR: process.env.TMPDIR }),
});

/** What an AWS tool with the root key of a tier is started with. */
export const toolEnvironmentOf = (memory: TierMemory): Record<string, string> => ({
  ...toolEnvironment(),
  ...awsEnvironment(endpointsOf(memory).emulator, memory),
});

const awsEnvironment = (endpoint: string, memory: TierMemory): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ACCESS_KEY_ID: memory.rootAccessKeyId,
  AWS_SECRET_ACCESS_KEY: memory.rootSecretAccessKey,
});

type Endpoints = { emulator: string; executor: string };

export const endpointsOf = ({ emulatorPort, executorPort }: TierMemory): Endpoints => ({
  emulator: `http://127.0.0.1:${emulatorPort}`,
  executor: `http://127.0.0.1:${executorPort}`,
});

export const startAws = (folder: string, memory: TierMemory): Promise<Service> => {
  const argv = [
    '--port',
    `${memory.emulatorPort}`,
    '--state',
    join(folder, 'aws'),
    '--batch-endpoint',
    endpointsOf(memory).executor,
  ];
  return startService({
    name: 'The local AWS',
    argv: [join(ROOT, '.venv/bin/python'), '-m', 'spotforge_emulator', ...argv],
    env: {
      ...toolEnvironment(),
      PYTHONPATH: join(ROOT, 'local/emulator'),
      SPOTFORGE_ROOT_ACCESS_KEY_ID: memory.rootAccessKeyId,
      SPOTFORGE_ROOT_SECRET_ACCESS_KEY: memory.rootSecretAccessKey,
    },
    cwd: folder,
    log: join(folder, 'aws.log'),
  });
};

export const startBatch = (folder: string, memory: TierMemory, jobs: number | undefined): Promise<Service> => {
  const { emulator } = endpointsOf(memory);
  const images = join(folder, 'images.json');
  const argv = [
    '--port',
    `${memory.executorPort}`,
    '--state',
    join(folder, 'batch'),
    '--aws-endpoint',
    emulator,
    '--images',
    images,
    ...(jobs === undefined ? [] : ['--max-concurrent-jobs', `${jobs}`]),
  ];
  return startService({
    name: 'The local Batch',
    argv: [process.execPath, join(ROOT, 'local/batch/main.ts'), ...argv],
    env: { ...toolEnvironment(), ...awsEnvironment(emulator, memory) },
    cwd: folder,
    log: join(folder, 'batch.log'),
  });
};

/** Both, the AWS first; each is in `services` as soon as it runs. */
export const startServices = async (
  folder: string,
  memory: TierMemory,
  images: ImageMap,
  jobs: number | undefined,
  services: Service[],
): Promise<void> => {
  for (const part of ['aws', 'batch']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'images.json'), JSON.stringify(images));
  services.push(await startAws(folder, memory));
  services.push(await startBatch(folder, memory, jobs));
};
