import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

export type HashedFile = { path: string; file: string; bytes: number; sha256: string };

/** SHA-256 of a file, read as a stream. */
export const sha256OfFile = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** Every file below a folder, or the one file, with the path under which it is uploaded. */
export const hashFiles = async (path: string): Promise<HashedFile[]> => {
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [path];
  return Promise.all(
    files.map(async (file) => ({
      path: statSync(path).isDirectory() ? relative(path, file) : basename(file),
      file,
      bytes: statSync(file).size,
      sha256: await sha256OfFile(file),
    })),
  );
};
