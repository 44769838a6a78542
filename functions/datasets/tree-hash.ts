import { createHash } from 'node:crypto';

/** SHA-256 over the lines `{sha256}  {relative path}\n`, sorted bytewise by path, in lower-case hexadecimal. */
export const treeHash = (files: readonly { path: string; sha256: string }[]): string => {
  const hash = createHash('sha256');
  const lines = files.map(({ path, sha256 }) => ({ path: Buffer.from(path), line: `${sha256}  ${path}\n` }));
  for (const { line } of lines.sort((a, b) => Buffer.compare(a.path, b.path))) hash.update(line);
  return hash.digest('hex');
};
