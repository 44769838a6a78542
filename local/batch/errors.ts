/** Every error this executor answers or exits with. `ClientException` and `ServerException` are AWS Batch's own two. */
export class ClientException extends Error {
  override readonly name = 'ClientException';
  readonly httpStatus = 400;
}

export class ServerException extends Error {
  override readonly name = 'ServerException';
  readonly httpStatus = 500;
}

/** The executor cannot start (port, state directory, arguments): one sentence for the reader, exit code 2. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** What an unknown thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error, or the `name` of an AWS SDK error. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
