import type { ImageName } from '../../lib/config/deployment.ts';

export type Target = 'production' | 'development';

export const STAGES_DOCKERFILE = 'containers/Dockerfile';
const SERVER_DOCKERFILE = 'containers/inference/Dockerfile';
const BOTH = ['linux/amd64', 'linux/arm64'];

/** What an image is built from and stands on (an alias in its Dockerfile), and the platforms that it is scheduled to. */
export const BUILDS: Record<ImageName, { dockerfile: string; base: string; platforms: readonly string[] }> = {
  data: { dockerfile: STAGES_DOCKERFILE, base: 'cpu', platforms: ['linux/amd64'] },
  training: { dockerfile: STAGES_DOCKERFILE, base: 'gpu', platforms: ['linux/amd64'] }, // g4dn and g6 are x86
  // Before the stages that may carry it.
  inference: { dockerfile: SERVER_DOCKERFILE, base: 'runtime', platforms: BOTH }, // Fargate on ARM; x86 for whoever has that
  optimization: { dockerfile: STAGES_DOCKERFILE, base: 'cpu', platforms: BOTH }, // a model is also benchmarked on Graviton
};

export type Base = { name: string; digest?: string | undefined };
export type BaseModel = { folder: string; sha256: string };

export type Build = {
  image: ImageName;
  target: Target;
  base: Base;
  /** Further bases from elsewhere, which the image is only built with. */
  builtWith?: readonly Base[];
  tag: string;
  gitSha: string;
  metadataFile: string;
  /** To its registry, for every platform and with provenance. Otherwise into this machine's Docker, for its own platform. */
  push: boolean;
  baseModel?: BaseModel | undefined;
  /** The server's image, for stages that ask it. */
  inferenceServer?: string | undefined;
};

/** The argv that builds an image, to be run in the repository's root. */
export const buildCommand = (build: Build): string[] => {
  const { image, target, base, builtWith = [], tag, gitSha, metadataFile, push, baseModel, inferenceServer } = build;
  const { dockerfile, base: alias, platforms } = BUILDS[image];
  return [
    ...['docker', 'buildx', 'build', '--file', dockerfile, '--target', target],
    ...(dockerfile === STAGES_DOCKERFILE ? ['--build-arg', `IMAGE=${image}`, '--build-arg', `BASE=${alias}`] : []),
    // The same version, held to what its registry answered a moment ago: both platforms and both build stages get one base.
    ...[base, ...builtWith].flatMap(held),
    ...(inferenceServer ? ['--build-context', `inference-server=docker-image://${inferenceServer}`] : []),
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

const held = ({ name, digest }: Base): string[] =>
  digest ? ['--build-context', `${name}=docker-image://${name}@${digest}`] : [];

const labels = (values: Record<string, string | undefined>): string[] =>
  Object.entries(values).flatMap(([name, value]) => (value ? ['--label', `${name}=${value}`] : []));
