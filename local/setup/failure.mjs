/** A reason to stop that the user can act on: printed as one sentence, without a stack. */
export class SetupFailure extends Error {
  name = 'SetupFailure';
}

/** One sentence for errors of the operating system that a user meets; anything else stays what it is. */
export const explain = (error) => {
  if (error instanceof SetupFailure) return error.message;
  if (error?.code === 'ENOSPC')
    return 'The disk is full: free some space (a first set-up needs about 9 GiB) and run the command again.';
  if (error?.code === 'EACCES' || error?.code === 'EROFS')
    return `Cannot write ${error.path}: make this folder writable for your user and run the command again.`;
  return undefined;
};
