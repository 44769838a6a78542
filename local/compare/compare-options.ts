import { parseArgs } from 'node:util';
import { TierFailure } from '../tier/tier-failure.ts';

/** What is compared: reports by experiment, of the running tier or of `api`, or files that lie here. */
export type CompareOptions = { ids: string[]; api?: string } | { files: string[] };

const USAGE = 'npm run compare -- EXPERIMENT EXPERIMENT… [--api URL], or npm run compare -- --file report.json report.json…';

/**
 * @throws TierFailure for anything that is not two of them at least
 */
export const compareOptions = (args: string[] = process.argv.slice(2)): CompareOptions => {
  let parsed: { values: { api?: string | undefined; file?: boolean | undefined }; positionals: string[] };
  try {
    parsed = parseArgs({ args, options: { api: { type: 'string' }, file: { type: 'boolean' } }, allowPositionals: true });
  } catch (error) {
    throw new TierFailure(`${(error as Error).message} Usage: ${USAGE}.`);
  }
  const { values, positionals } = parsed;
  if (positionals.length < 2) throw new TierFailure(`A comparison needs at least two experiments. Usage: ${USAGE}.`);
  const twice = positionals.find((each, place) => positionals.indexOf(each) !== place);
  if (twice !== undefined) throw new TierFailure(`${twice} is named twice; name each experiment once.`);
  if (values.file && values.api !== undefined) throw new TierFailure(`--file reads no API; leave out --api. Usage: ${USAGE}.`);
  if (values.file) return { files: positionals };
  return { ids: positionals, ...(values.api === undefined ? {} : { api: values.api }) };
};
