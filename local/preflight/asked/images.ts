import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { clientOptions, type Place } from '../../deployment/place.ts';
import type { ImageState } from '../checks/images.ts';
import type { ImageNeed } from '../needs.ts';

/** Looks in the registry that the need names; without one in the account's own, at the place. */
export const askImage = async ({ ecr, id }: ImageNeed, { region, profile }: Place): Promise<ImageState> => {
  if (ecr === undefined) return 'elsewhere';
  const client = new ECRClient(clientOptions({ region: ecr.region ?? region, profile }));
  try {
    const query = { registryId: ecr.account, repositoryName: ecr.repository, imageIds: [id] };
    const { imageDetails = [] } = await client.send(new DescribeImagesCommand(query));
    return imageDetails.length > 0 ? 'present' : 'no-image';
  } catch (error) {
    const { name } = error as Error;
    if (name === 'RepositoryNotFoundException') return 'no-repository';
    if (name === 'ImageNotFoundException') return 'no-image';
    throw error;
  }
};
