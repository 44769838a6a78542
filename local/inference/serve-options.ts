import { parseArgs } from 'node:util';
import { TierFailure } from '../tier/tier-failure.ts';

const PORT = 8080;

/** `npm run serve -- [--bundle DIR] [--port N]`. TierFailure on anything else. */
export const readOptions = (args: string[]): { bundle: string | undefined; port: number } => {
  const { bundle, port = String(PORT) } = parse(args);
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new TierFailure(`--port wants a number from 1 to 65535, not ${JSON.stringify(port)}.`);
  return { bundle, port: number };
};

const parse = (args: string[]) => {
  try {
    return parseArgs({ args, options: { bundle: { type: 'string' }, port: { type: 'string' } } }).values;
  } catch (error) {
    throw new TierFailure((error as Error).message);
  }
};
