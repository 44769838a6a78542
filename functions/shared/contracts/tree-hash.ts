import { createHash } from 'node:crypto';

/**
 * Tree hash of a folder: SHA-256 over the lines `{sha256}  {relative path}\n`, sorted bytewise by path.
 * The same as `sha256sum` of every file in that order, hashed again; a file's name counts, its time and mode do not.
 */
export const treeHash = (files: Iterable<{ path: string; sha256: string }>): string => {
  const lines = [...files].map(({ path, sha256 }) => ({ path: Buffer.from(path), line: `${sha256}  ${path}\n` }));
  lines.sort((a, b) => Buffer.compare(a.path, b.path));
  const hash = createHash('sha256');
  for (const { line } of lines) hash.update(line);
  return hash.digest('hex');
};
