declare module 'asl-validator' {
  /** The package comes without types; these are the parts that we use. */
  export default function validate(
    definition: unknown,
    options?: { checkArn?: boolean; checkPaths?: boolean },
  ): { isValid: boolean; errors: { 'Error code': string; Message: string }[] };
}
