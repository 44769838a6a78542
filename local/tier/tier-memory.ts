import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { choosePort } from './ports.ts';
import { MEMORY, readMemory, type TierMemory, type TierRecord } from './tier-record.ts';

export const writeDocument = (folder: string, file: string, content: TierRecord | TierMemory): void =>
  writeFileSync(join(folder, file), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });

export const rememberedOrNew = async (folder: string, port: number | undefined): Promise<TierMemory> => {
  const last = readMemory(folder);
  const emulatorPort = await choosePort(port, last?.emulatorPort);
  const executorPort = await choosePort(undefined, last?.executorPort);
  const fresh = {
    rootAccessKeyId: `AKIA${randomBytes(10).toString('hex').slice(0, 16).toUpperCase()}`,
    rootSecretAccessKey: randomBytes(30).toString('base64url'),
    password: `Demo-${randomBytes(12).toString('base64url')}-1`,
    deployed: null,
    cleanStop: true,
  };
  // Endpoints are part of what is deployed (token issuer, API address): another port means another deployment.
  const moved = last !== undefined && (last.emulatorPort !== emulatorPort || last.executorPort !== executorPort);
  return { ...fresh, ...(moved ? {} : last), emulatorPort, executorPort };
};

/** State is saved by a clean stop only; after anything else the tier starts from nothing. */
export const usable = (folder: string, memory: TierMemory): TierMemory => {
  const kept = memory.cleanStop && memory.deployed !== null;
  if (!kept) for (const part of ['aws', 'batch']) rmSync(join(folder, part), { recursive: true, force: true });
  const current = { ...memory, deployed: kept ? memory.deployed : null };
  writeDocument(folder, MEMORY, { ...current, cleanStop: false });
  return current;
};
