import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, ApiRefusal } from '../client/api.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { reportArtifact } from './report-artifact.ts';

const problemOf = (error: unknown): string => {
  if (error instanceof ApiRefusal) return error.message;
  throw error;
};

/** Says what an experiment without a report is doing, or throws what else is wrong with it. */
const without = async (api: Api, id: string): Promise<string> => {
  const { status } = await api.experiment(id);
  return `it is ${status}, and no benchmark of it has written a report`;
};

const download = async (api: Api, id: string, folder: string): Promise<{ file: string } | { problem: string }> => {
  try {
    const artifact = reportArtifact(await api.artifacts(id));
    if (!artifact) return { problem: `${id}: ${await without(api, id)}` };
    const response = await fetch(artifact.url);
    if (!response.ok) return { problem: `${id}: its report could not be downloaded (${response.status})` };
    const file = join(folder, `${id}.json`);
    await writeFile(file, await response.text());
    return { file };
  } catch (error) {
    return { problem: `${id}: ${problemOf(error)}` };
  }
};

/**
 * The reports of experiments as files in `folder`, in their order.
 * @throws TierFailure that names every experiment without one
 */
export const downloadReports = async (api: Api, ids: readonly string[], folder: string): Promise<string[]> => {
  await mkdir(folder, { recursive: true });
  const found = await Promise.all(ids.map((id) => download(api, id, folder)));
  const problems = found.flatMap((each) => ('problem' in each ? [each.problem] : []));
  if (problems.length > 0) throw new TierFailure(`Cannot compare:\n  ${problems.join('\n  ')}`);
  return found.flatMap((each) => ('file' in each ? [each.file] : []));
};
