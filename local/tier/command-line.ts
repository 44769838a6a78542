import { parseArgs } from 'node:util';
import { ApiRefusal } from '../client/api.ts';
import { BundleMismatch } from '../client/download-bundle.ts';
import { sentence, TierFailure } from './tier-failure.ts';

/** `--port N` or the environment variable SPOTFORGE_PORT; undefined lets the tier choose a free one. */
export const requestedPort = (args: string[] = process.argv.slice(2)): number | undefined => {
  const { values } = parseArgs({ args, options: { port: { type: 'string' } }, strict: false });
  const text = typeof values.port === 'string' ? values.port : process.env.SPOTFORGE_PORT;
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new TierFailure(`--port wants a number from 1 to 65535, not ${JSON.stringify(text)}.`);
};

/** Runs a command's body: an error that the user can act on becomes one sentence and exit code 1. */
export const runCommand = async (body: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } catch (error) {
    // What the API refused and what did not verify says by itself what happened.
    const text = error instanceof ApiRefusal || error instanceof BundleMismatch ? error.message : sentence(error);
    if (text === undefined) throw error;
    console.error(`spotforge: ${text}`);
    process.exitCode = 1;
  }
};
