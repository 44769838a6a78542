import type { UploadRequest } from '../shared/contracts/upload.ts';
import type { FieldProblem } from '../shared/errors.ts';

/** Closes every stored version, so that no file of a user may have its name. */
const RESERVED = 'dataset.json';

/** What the schema cannot see: a path that is file and folder at once, or the reserved one. */
export const pathProblems = (files: UploadRequest['files']): FieldProblem[] => {
  const paths = new Set(files.map(({ path }) => path));
  return files.flatMap(({ path }, index): FieldProblem[] => {
    const field = `files[${index}].path`;
    if (path === RESERVED) return [{ field, expected: `another name: ${RESERVED} is written by the platform` }];
    const parts = path.split('/');
    const folder = parts.map((_, end) => parts.slice(0, end).join('/')).find((prefix) => paths.has(prefix));
    return folder === undefined ? [] : [{ field, expected: `${folder} to be a file or a folder, not both` }];
  });
};
