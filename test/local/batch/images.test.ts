import { describe, expect, it } from 'vitest';
import { repositoryOf } from '../../../local/batch/attempts/images.ts';

describe('the repository of an image', () => {
  it.each([
    ['000000000000.dkr.ecr.us-east-1.amazonaws.com/spotforge/data:1', 'spotforge/data'],
    ['000000000000.dkr.ecr.us-east-1.amazonaws.com/spotforge/data@sha256:abc', 'spotforge/data'],
    ['localhost:5000/spotforge/data:1@sha256:abc', 'spotforge/data'],
    ['localhost/data', 'data'],
    ['spotforge/data', 'spotforge/data'],
    ['busybox:1.36', 'busybox'],
  ])('%s is %s', (image, repository) => expect(repositoryOf(image)).toBe(repository));
});
