import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, StartupError } from '../errors.ts';

const imageEnvironment = z.strictObject({
  /** Directory of the interpreter, first on the job's PATH. */
  python: z.string().startsWith('/'),
  pythonPath: z.array(z.string().startsWith('/')),
  /** What the image sets; a container's own variables win. */
  environment: z.record(z.string(), z.string()).optional(),
});
export type ImageEnvironment = z.infer<typeof imageEnvironment>;
const imagesFile = z.strictObject({ images: z.record(z.string(), imageEnvironment) });

/** What stands in for each container image, by repository name. */
export type Images = Record<string, ImageEnvironment>;

export function readImages(path: string): Images {
  try {
    return imagesFile.parse(JSON.parse(readFileSync(path, 'utf8'))).images;
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new StartupError(
      `The images file ${path} cannot be used: ${why}. It maps repository names to {"python": "/dir", "pythonPath": ["/dir"]}.`,
    );
  }
}

/** `spotforge/data` of `123456789012.dkr.ecr.us-east-1.amazonaws.com/spotforge/data:1.2@sha256:…`. */
export function repositoryOf(image: string): string {
  const withoutDigest = image.split('@')[0] ?? image;
  const [first = '', ...rest] = withoutDigest.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  const path = isHost ? rest.join('/') : withoutDigest;
  const tag = path.indexOf(':', path.lastIndexOf('/') + 1);
  return tag === -1 ? path : path.slice(0, tag);
}
