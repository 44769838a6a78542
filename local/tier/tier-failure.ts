/** The tier cannot go on, for a reason that the user can act on: printed as one sentence, without a stack. */
export class TierFailure extends Error {
  override name = 'TierFailure';
}

/** The sentence for an error that a user may meet; undefined for what is a defect of ours. */
export const sentence = (error: unknown): string | undefined => {
  if (error instanceof TierFailure) return error.message;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOSPC')
    return 'The disk is full: free some space and run the command again (`npm run local:reset` drops what the tier keeps).';
  if (code === 'EACCES' || code === 'EROFS')
    return `Cannot write ${(error as NodeJS.ErrnoException).path}: make it writable for your user.`;
  return undefined;
};
