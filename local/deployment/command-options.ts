import { parseArgs } from 'node:util';
import { TierFailure } from '../tier/tier-failure.ts';

/**
 * `--name VALUE` for each of the names.
 * @throws TierFailure for any other argument
 */
export const commandOptions = <const Name extends string>(
  names: readonly Name[],
  args: string[] = process.argv.slice(2),
): { [N in Name]?: string } => {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args, options }).values as { [N in Name]?: string };
  } catch (error) {
    const known = names.map((name) => `--${name} VALUE`).join(', ');
    throw new TierFailure(`${(error as Error).message} Known here: ${known}.`);
  }
};
