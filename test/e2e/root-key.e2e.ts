import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { tierFolder } from '../../local/tier/paths.ts';
import { readMemory } from '../../local/tier/tier-record.ts';
import { anExperiment, ended, until } from './an-experiment.ts';
import { apiOf } from './users.ts';

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process has gone, or is not ours
  }
};

/** Command lines of all processes whose environment holds a text. */
const holders = (text: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(join('/proc', name, 'environ')).includes(text))
    .map((pid) => read(join('/proc', pid, 'cmdline')).replaceAll('\0', ' '));

describe.runIf(process.platform === 'linux')('the root key of the local AWS', () => {
  it('is in the environment of the AWS itself and of the Batch executor, and of no function, stage or client', async () => {
    const api = await apiOf(inject('tier'), 'acme');
    const { id } = await api.createExperiment(await anExperiment(api, inject('fixtures').tiny, { name: 'root-key' }));
    await until(api, id, ({ attempts }) => attempts.some(({ status }) => status === 'RUNNING'));
    const secret = readMemory(tierFolder('test'))?.rootSecretAccessKey;
    if (!secret) throw new Error('the tier has no root key');
    const found = holders(secret);
    expect(found.some((command) => command.includes('local/batch/main.ts'))).toBe(true);
    expect(found.filter((command) => !/spotforge_emulator|local\/batch\/main\.ts/.test(command))).toEqual([]);
    expect(holders('TASK_TOKEN=').length).toBeGreaterThan(0); // a stage was running while we looked
    await api.cancel(id);
    await ended(api, id);
  });
});
