import type { StageImage } from '../../functions/shared/contracts/names.ts';

export type Target = 'production' | 'development';

/** What an image stands on (an alias of `containers/Dockerfile`), and the platforms that its stages are scheduled to. */
export const BUILDS: Record<StageImage, { base: 'cpu' | 'gpu'; platforms: readonly string[] }> = {
  data: { base: 'cpu', platforms: ['linux/amd64'] },
  training: { base: 'gpu', platforms: ['linux/amd64'] }, // g4dn and g6 are x86
  optimization: { base: 'cpu', platforms: ['linux/amd64', 'linux/arm64'] }, // a model is also benchmarked on Graviton
};

export type Base = { name: string; digest?: string | undefined };
export type BaseModel = { folder: string; sha256: string };

export type Build = {
  image: StageImage;
  target: Target;
  base: Base;
  tag: string;
  gitSha: string;
  metadataFile: string;
  /** To its registry, for every platform and with provenance. Otherwise into this machine's Docker, for its own platform. */
  push: boolean;
  baseModel?: BaseModel | undefined;
};

/** The argv that builds an image, to be run in the repository's root. */
export const buildCommand = (build: Build): string[] => {
  const { image, target, base, tag, gitSha, metadataFile, push, baseModel } = build;
  const { base: alias, platforms } = BUILDS[image];
  return [
    ...['docker', 'buildx', 'build', '--file', 'containers/Dockerfile', '--target', target],
    ...['--build-arg', `IMAGE=${image}`, '--build-arg', `BASE=${alias}`],
    // The same version, held to what its registry answered a moment ago: both platforms and both build stages get one base.
    ...(base.digest ? ['--build-context', `${base.name}=docker-image://${base.name}@${base.digest}`] : []),
    ...(baseModel ? ['--build-arg', `BASE_MODEL=${baseModel.sha256}`, '--build-context', `base-model=${baseModel.folder}`] : []),
    ...labels({
      'org.opencontainers.image.revision': gitSha,
      'org.opencontainers.image.base.name': base.name,
      'org.opencontainers.image.base.digest': base.digest,
    }),
    // Docker's own store holds neither several platforms nor attestations under one tag.
    ...(push ? ['--platform', platforms.join(','), '--provenance', 'mode=max', '--push'] : ['--provenance', 'false', '--load']),
    ...['--metadata-file', metadataFile, '--tag', tag, '.'],
  ];
};

const labels = (values: Record<string, string | undefined>): string[] =>
  Object.entries(values).flatMap(([name, value]) => (value ? ['--label', `${name}=${value}`] : []));
