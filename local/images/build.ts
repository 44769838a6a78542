/** `npm run images`: builds the stages' images and records in `.spotforge/images.json` what each was made of. See docs/images.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageImage } from '../../functions/shared/contracts/names.ts';
import { runCommand } from '../tier/command-line.ts';
import { commit } from '../tier/commit.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT, ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { baseModelIn } from './base-model.ts';
import { basesOf } from './bases.ts';
import { BUILDS, type Build, buildCommand } from './build-command.ts';
import { docker } from './docker.ts';
import { type ImageOptions, readOptions } from './options.ts';

const DOCKERFILE = join(ROOT, 'containers/Dockerfile');
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

const planOf = async (options: ImageOptions, image: StageImage): Promise<Build> => {
  const name = basesOf(readFileSync(DOCKERFILE, 'utf8'))[BUILDS[image].base];
  if (name === undefined) throw new TierFailure(`${DOCKERFILE} has no stage ${BUILDS[image].base} with a base of its own.`);
  const gitSha = commit();
  return {
    image,
    target: options.target,
    base: { name, digest: options.print ? undefined : await digestOf(name) },
    tag: `${options.registry}/${image}:${tagOf(options, gitSha)}`,
    gitSha,
    metadataFile: join(DOT, `images-${image}.metadata.json`),
    push: options.push,
    baseModel: options.baseModel === undefined ? undefined : baseModelIn(options.baseModel),
  };
};

/** What was built, and from what; `digest` goes into the deployment's configuration as `images.{image}.digest`. */
const built = ({ target, base, tag, gitSha, metadataFile, push, baseModel, image }: Build) => {
  const metadata = JSON.parse(readFileSync(metadataFile, 'utf8')) as Record<string, string>;
  return {
    builtAt: new Date().toISOString(),
    target,
    tag,
    digest: metadata['containerimage.digest'],
    base,
    gitSha,
    ...(push && { platforms: BUILDS[image].platforms }),
    ...(baseModel && { baseModelSha256: baseModel.sha256 }),
  };
};

/** By image, what was built last of each. */
const record = (image: StageImage, entry: ReturnType<typeof built>): void => {
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
