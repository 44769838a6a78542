/** `npm run compare -- EXPERIMENT EXPERIMENT… [--api URL]` or `-- --file REPORT REPORT…`: experiments side by side in one page. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Api } from '../client/api.ts';
import { apiOfTier } from '../client/tier-api.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT, tierFolder } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { runningTier } from '../tier/tier-record.ts';
import { compareOptions } from './compare-options.ts';
import { comparisonLines } from './comparison-lines.ts';
import { downloadReports } from './download-reports.ts';
import { writeComparison } from './write-comparison.ts';

const apiOf = async (url: string | undefined): Promise<Api> => {
  if (url !== undefined) {
    const token = process.env.SPOTFORGE_TOKEN;
    if (!token) throw new TierFailure('--api needs an ID token of yours in the environment variable SPOTFORGE_TOKEN.');
    return new Api(url, async () => token);
  }
  const tier = runningTier(tierFolder('local'));
  if (!tier) throw new TierFailure('No local tier is up: start it with npm run local:up, or name another API by --api URL.');
  return apiOfTier(tier);
};

await runCommand(async () => {
  const options = compareOptions();
  const home = join(DOT, 'compare');
  mkdirSync(home, { recursive: true });
  const reports =
    'files' in options
      ? options.files.map((file) => resolve(file))
      : await downloadReports(await apiOf(options.api), options.ids, home);
  const page = join(home, 'comparison.html');
  const comparison = await writeComparison(reports, page);
  for (const line of comparisonLines(comparison)) console.log(line);
  const file = keepFigures('compare', { page, ...comparison });
  console.log(`\nPage: ${page}\nFigures: ${file}`);
});
