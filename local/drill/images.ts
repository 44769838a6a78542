import { join } from 'node:path';
import type { ImageMap } from '../tier/images.ts';

const STAND_INS = join(import.meta.dirname, 'stand-ins');

/** The same images, in which stages can be replaced by stand-ins: see stand-ins/sitecustomize.py. */
export const withStandIns = ({ images }: ImageMap): ImageMap => ({
  images: Object.fromEntries(
    Object.entries(images).map(([name, image]) => [name, { ...image, pythonPath: [STAND_INS, ...image.pythonPath] }]),
  ),
});

/** Where a fault inside a container is written: see overlays/planting.py. */
export const overlay = (name: string): string => join(import.meta.dirname, 'overlays', name);
