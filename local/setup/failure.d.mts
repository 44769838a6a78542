export class SetupFailure extends Error {}
export const explain: (error: unknown) => string | undefined;
