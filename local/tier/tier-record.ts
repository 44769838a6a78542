import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** What a client needs to use a running tier, and `local:down` to stop it. Written to `tier.json` in the tier's folder. */
export const tierRecord = z.strictObject({
  endpoint: z.url(),
  executorEndpoint: z.url(),
  apiUrl: z.url(),
  region: z.string(),
  userPoolClientId: z.string(),
  username: z.string(),
  password: z.string(),
  keeperPid: z.int(),
  pids: z.array(z.int()),
});
export type TierRecord = z.infer<typeof tierRecord>;

/** What outlives a tier's run: the ports it prefers, its root key, its user, and what is deployed on it. */
export const tierMemory = z.strictObject({
  emulatorPort: z.int(),
  executorPort: z.int(),
  rootAccessKeyId: z.string(),
  rootSecretAccessKey: z.string(),
  password: z.string(),
  deployed: z.strictObject({ assembly: z.string(), outputs: z.record(z.string(), z.string()) }).nullable(),
  cleanStop: z.boolean(),
});
export type TierMemory = z.infer<typeof tierMemory>;

export const RECORD = 'tier.json';
export const MEMORY = 'memory.json';

const read = <T>(file: string, schema: z.ZodType<T>): T | undefined => {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
};

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** The record of a tier that is running now; undefined when there is none, also when it died without tidying up. */
export const runningTier = (folder: string): TierRecord | undefined => {
  const record = read(join(folder, RECORD), tierRecord);
  return record && alive(record.keeperPid) ? record : undefined;
};

export const readMemory = (folder: string): TierMemory | undefined => read(join(folder, MEMORY), tierMemory);
