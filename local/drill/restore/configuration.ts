import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DRILLS = join(import.meta.dirname, '../deployment.json');
const REPLICA_REGION = 'eu-west-1';

/** The drills' own deployment with the second region and whatever is there already. Answers the file. */
export const writeConfiguration = (folder: string, existing: object): string => {
  const drills = JSON.parse(readFileSync(DRILLS, 'utf8')) as object;
  const file = join(folder, 'deployment.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify({ ...drills, replication: { region: REPLICA_REGION }, existing }));
  return file;
};
