import type { Place } from '../../deployment/place.ts';
import { type Finding, finding } from '../finding.ts';
import type { ImageNeed } from '../needs.ts';

export type ImageState = 'present' | 'no-repository' | 'no-image' | 'elsewhere';

/** What fills a repository of the deployment's own. */
const pushCommands = ({ image, uri, id }: ImageNeed, { region, profile }: Place, account: string): string[] => {
  if (!('imageTag' in id)) return [];
  const as = profile === undefined ? '' : ` --profile ${profile}`;
  const host = `${account}.dkr.ecr.${region}.amazonaws.com`;
  const registry = `${host}/${uri.slice(0, -`/${image}`.length)}`;
  return [
    `aws ecr get-login-password --region ${region}${as} | docker login --username AWS --password-stdin ${host}`,
    `npm run images -- ${image} --registry ${registry} --tag ${id.imageTag} --push`,
  ];
};

/** Whether jobs will find what they start from. */
export const judgeImage = (need: ImageNeed, state: ImageState, place: Place, account: string): Finding => {
  const { image, own, kept, uri, id } = need;
  const pinned = 'imageTag' in id ? `${uri}:${id.imageTag}` : `${uri}@${id.imageDigest}`;
  switch (state) {
    case 'present':
      return finding('ok', `image ${pinned}`);
    case 'elsewhere':
      return finding(
        'note',
        `${pinned} is in another registry than ECR and was not looked for. The instances must be able to pull it without a password.`,
      );
    case 'no-repository':
      if (kept) {
        return finding(
          'blocks',
          `existing.repositories says that ${uri} is there already, but it is not. Take the switch out: the deploy then makes it.`,
        );
      }
      return own
        ? finding(
            'note',
            `The repository ${uri} comes with the first deploy; build and push ${image} after it.`,
            ...pushCommands(need, place, account),
          )
        : finding('blocks', `images.${image}.repository names ${uri}, which is not there, and no deploy will make it.`);
    case 'no-image':
      return own
        ? finding(
            'blocks',
            `The image ${pinned} is not there: every job that needs it fails with Stage.Infrastructure.`,
            ...pushCommands(need, place, account),
          )
        : finding(
            'blocks',
            `The image ${pinned} is not there, but the configuration pins it. Push it, or change images.${image}.`,
          );
  }
};
