/** `npm run images`: builds the stages' and the server's images and records in `.spotforge/images.json` what each was made of: docs/images.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageName } from '../../lib/config/deployment.ts';
import { runCommand } from '../tier/command-line.ts';
import { commit } from '../tier/commit.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT, ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { baseModelIn } from './base-model.ts';
import { basesOf } from './bases.ts';
import { type Base, BUILDS, type Build, buildCommand, STAGES_DOCKERFILE } from './build-command.ts';
import { docker } from './docker.ts';
import { type ImageOptions, readOptions } from './options.ts';

const RECORD = join(DOT, 'images.json');
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** What the registry answers for a tag at this moment. */
const digestOf = async (name: string): Promise<string> => {
  const answer = await docker(['docker', 'buildx', 'imagetools', 'inspect', name, '--format', '{{json .Manifest}}']);
  const { digest } = JSON.parse(answer) as { digest?: string };
  if (digest === undefined || !DIGEST.test(digest)) throw new TierFailure(`The registry gave no digest for ${name}: ${answer}`);
  return digest;
};

/** A tag means one image for ever, so it must not name a commit that the image was not built from. */
const tagOf = ({ tag, push }: ImageOptions, gitSha: string): string => {
  if (tag !== undefined) return tag;
  const changed = push && execFileSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' }).trim() !== '';
  if (changed)
    throw new TierFailure(
      'There are changes that are not committed, and images are tagged with the commit: commit them, or give --tag.',
    );
  return gitSha;
};

/** The image's base, and what else of elsewhere it is built with: the server's compilers; of the stages' two, the other. */
const basesFor = (image: ImageName): { base: string; builtWith: string[] } => {
  const { dockerfile, base } = BUILDS[image];
  const bases = basesOf(readFileSync(join(ROOT, dockerfile), 'utf8'));
  const own = bases[base];
  if (own === undefined) throw new TierFailure(`${dockerfile} has no stage ${base} with a base of its own.`);
  const others = dockerfile === STAGES_DOCKERFILE ? [] : Object.values(bases).filter((name) => name !== own);
  return { base: own, builtWith: others };
};

const planOf = async (options: ImageOptions, image: ImageName): Promise<Build> => {
  const { base, builtWith } = basesFor(image);
  const held = async (name: string): Promise<Base> => ({ name, digest: options.print ? undefined : await digestOf(name) });
  const stages = BUILDS[image].dockerfile === STAGES_DOCKERFILE;
  const gitSha = commit();
  return {
    image,
    target: options.target,
    base: await held(base),
    builtWith: await Promise.all(builtWith.map(held)),
    tag: `${options.registry}/${image}:${tagOf(options, gitSha)}`,
    gitSha,
    metadataFile: join(DOT, `images-${image}.metadata.json`),
    push: options.push,
    baseModel: stages && options.baseModel !== undefined ? baseModelIn(options.baseModel) : undefined,
    inferenceServer: image === 'optimization' ? options.inferenceServer : undefined,
  };
};

/** What was built, and from what; `digest` goes into the deployment's configuration as `images.{image}.digest`. */
const built = ({ target, base, builtWith, tag, gitSha, metadataFile, push, baseModel, inferenceServer, image }: Build) => {
  const metadata = JSON.parse(readFileSync(metadataFile, 'utf8')) as Record<string, string>;
  return {
    builtAt: new Date().toISOString(),
    target,
    tag,
    digest: metadata['containerimage.digest'],
    base,
    ...(builtWith?.length && { builtWith }),
    gitSha,
    ...(push && { platforms: BUILDS[image].platforms }),
    ...(baseModel && { baseModelSha256: baseModel.sha256 }),
    ...(inferenceServer && { inferenceServer }),
  };
};

/** By image, what was built last of each. */
const record = (image: ImageName, entry: ReturnType<typeof built>): void => {
  const images = existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, 'utf8')) as Record<string, unknown>) : {};
  keepFigures('images', { ...images, [image]: entry });
};

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  mkdirSync(DOT, { recursive: true });
  if (!options.print) await docker(['docker', 'buildx', 'version']);
  for (const image of options.images) {
    const plan = await planOf(options, image);
    const command = buildCommand(plan);
    console.log(command.join(' '));
    if (options.print) continue;
    await docker(command);
    const entry = built(plan);
    record(image, entry);
    console.log(`${entry.tag}  ${entry.digest}  on ${plan.base.name}@${plan.base.digest}`);
  }
});
