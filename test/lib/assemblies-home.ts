import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    assembliesHome: string;
  }
}

/** Where the workers keep what they synthesise: gigabytes, which a worker that is ended by a signal would leave behind. */
export default async (project: TestProject) => {
  const home = await mkdtemp(join(tmpdir(), 'cloud-assemblies-'));
  project.provide('assembliesHome', home);
  return () => rm(home, { recursive: true, force: true });
};
