import { runCargo } from '../../inference/run-cargo.ts';
import { serverEnvironment } from '../../inference/server-binary.ts';
import type { Ticker } from '../../tier/ticker.ts';
import { TierFailure } from '../../tier/tier-failure.ts';

const INPUTS = 100_000;

/** `broken` are the kinds of malformed request of which one was not answered as it should be: a panic, a dropped connection, a 500. */
export type Malformed = { inputs: number; kinds: number; broken: number };

/** Reads libtest's summary; undefined when no test came to its end. */
export const readSummary = (printed: string): Pick<Malformed, 'kinds' | 'broken'> | undefined => {
  const [, passed, failed] = /^test result: \w+\. (\d+) passed; (\d+) failed;/m.exec(printed) ?? [];
  const [kinds, broken] = [Number(passed) + Number(failed), Number(failed)];
  return kinds > 0 ? { kinds, broken } : undefined;
};

/** Sends the property tests' malformed requests, a hundred thousand instead of a few, to a server of the release profile. */
export const sendMalformed = async (ticker: Ticker): Promise<Malformed> => {
  const { printed, lastWords } = await runCargo(
    ticker,
    'sending malformed requests',
    ['test', '--release', '--locked', '--offline', '--package', 'spotforge-inference', '--test', 'server', 'malformed::'],
    { ...process.env, ...serverEnvironment(), SPOTFORGE_FUZZ_CASES: String(INPUTS) },
  );
  const summary = readSummary(printed);
  if (summary === undefined) throw new TierFailure(`The tests of malformed requests did not run:\n${lastWords}`);
  return { inputs: INPUTS, ...summary };
};
