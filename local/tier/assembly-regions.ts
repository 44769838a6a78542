import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Assembly } from './assembly.ts';

const manifest = z.looseObject({ artifacts: z.record(z.string(), z.looseObject({ environment: z.string().optional() })) });

/** Every region that a stack of the assembly goes to, `home` first: that of stacks which name none. Each has to be bootstrapped. */
export const assemblyRegions = ({ folder }: Assembly, home: string): string[] => {
  const { artifacts } = manifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  const named = Object.values(artifacts).flatMap(({ environment }) => environment?.split('/').at(-1) ?? []);
  return [...new Set([home, ...named.filter((region) => region !== 'unknown-region')])];
};
