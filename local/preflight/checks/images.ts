import type { StageImage } from '../../../functions/shared/contracts/names.ts';
import { type Finding, finding } from '../finding.ts';
import type { ImageNeed, Needs } from '../needs.ts';
import type { Place } from '../place.ts';

export type ImageState = 'present' | 'no-repository' | 'no-image' | 'elsewhere';
export type Images = Readonly<Record<StageImage, ImageState>>;

const BUILD_ARGUMENTS: Partial<Record<StageImage, string>> = { training: ' --build-arg BASE=gpu' };

/** What fills a repository of the deployment's own. */
const pushCommands = ({ image, uri, id }: ImageNeed, { region, profile }: Place): string[] => {
  if (!('imageTag' in id)) return [];
  const as = profile === undefined ? '' : ` --profile ${profile}`;
  const registry = `$(aws sts get-caller-identity --query Account --output text${as}).dkr.ecr.${region}.amazonaws.com`;
  return [
    `aws ecr get-login-password --region ${region}${as} | docker login --username AWS --password-stdin ${registry}`,
    `docker buildx build -f containers/Dockerfile --build-arg IMAGE=${image}${BUILD_ARGUMENTS[image] ?? ''} --tag ${registry}/${uri}:${id.imageTag} --push .`,
  ];
};

const judge = (need: ImageNeed, state: ImageState, place: Place): Finding => {
  const { image, own, uri, id } = need;
  const pinned = 'imageTag' in id ? `${uri}:${id.imageTag}` : `${uri}@${id.imageDigest}`;
  switch (state) {
    case 'present':
      return finding('ok', `image ${pinned}`);
    case 'elsewhere':
      return finding('note', `${pinned} is in another registry than ECR and was not looked for. The instances must be able to pull it without a password.`);
    case 'no-repository':
      return own
        ? finding('note', `The repository ${uri} comes with the first deploy; build and push ${image} after it.`, ...pushCommands(need, place))
        : finding('blocks', `images.${image}.repository names ${uri}, which is not there, and no deploy will make it.`);
    case 'no-image':
      return own && 'imageTag' in id
        ? finding('degrades', `The image ${pinned} is not there: jobs fail with Stage.Infrastructure until it is pushed.`, ...pushCommands(need, place))
        : finding('blocks', `The image ${pinned} is not there, but the configuration pins it. Push it, or change images.${image}.`);
  }
};

export const judgeImages = (states: Images, { images }: Needs, place: Place): Finding[] =>
  images.map((need) => judge(need, states[need.image], place));
