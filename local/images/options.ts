import { parseArgs } from 'node:util';
import type { ImageName } from '../../lib/config/deployment.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { BUILDS, type Target } from './build-command.ts';

export type ImageOptions = {
  images: ImageName[];
  target: Target;
  /** What image names are appended to: `{registry}/data`. */
  registry: string;
  /** Absent: the commit that is checked out. */
  tag?: string | undefined;
  push: boolean;
  /** Only say which commands would run. */
  print: boolean;
  /** A Hugging Face folder to bake into the stages' images. */
  baseModel?: string | undefined;
  /** The server's image, for the optimization stages to take it from. */
  inferenceServer?: string | undefined;
};

const NAMES = Object.keys(BUILDS) as ImageName[];
const TARGETS: readonly string[] = ['production', 'development'] satisfies Target[];

/**
 * `npm run images -- [IMAGE…] [--target T] [--registry R] [--tag T] [--push] [--print] [--base-model FOLDER] [--inference-server IMAGE]`.
 * TierFailure on anything else.
 */
export const readOptions = (args: string[]): ImageOptions => {
  const { values, positionals } = parse(args);
  const unknown = positionals.find((name) => !NAMES.includes(name as ImageName));
  if (unknown !== undefined) throw new TierFailure(`There is no image ${unknown}; there are ${NAMES.join(', ')}.`);
  const { target = 'production', push = false, registry } = values;
  if (!TARGETS.includes(target)) throw new TierFailure(`--target wants ${TARGETS.join(' or ')}, not ${JSON.stringify(target)}.`);
  if (push && registry === undefined)
    throw new TierFailure(
      '--push needs --registry: where the repositories are, such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/spotforge.',
    );
  return {
    images: positionals.length > 0 ? (positionals as ImageName[]) : NAMES,
    target: target as Target,
    registry: (registry ?? 'spotforge').replace(/\/+$/, ''),
    tag: values.tag,
    push,
    print: values.print ?? false,
    baseModel: values['base-model'],
    inferenceServer: values['inference-server'],
  };
};

const parse = (args: string[]) => {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        target: { type: 'string' },
        registry: { type: 'string' },
        tag: { type: 'string' },
        push: { type: 'boolean' },
        print: { type: 'boolean' },
        'base-model': { type: 'string' },
        'inference-server': { type: 'string' },
      },
    });
  } catch (error) {
    throw new TierFailure((error as Error).message);
  }
};
