/** Why a call to AWS brought no answer, and AWS's own words for it. */
export type CallFailure = { kind: CallFailureKind; reason: string };
export type CallFailureKind = 'no credentials' | 'wrong credentials' | 'denied' | 'throttled' | 'unreachable' | 'other';

/** Names that services give the same refusal: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html and each API's common errors. */
const NAMES: readonly (readonly [CallFailureKind, RegExp])[] = [
  ['no credentials', /^(CredentialsProviderError|TokenProviderError)$/],
  [
    'wrong credentials',
    /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|AuthFailure|InvalidToken|InvalidAccessKeyId|ExpiredToken|ExpiredTokenException|RequestExpired|IncompleteSignature)$/,
  ],
  ['denied', /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|NotAuthorized|OptInRequired)$/],
  ['throttled', /^(Throttling|ThrottlingException|TooManyRequestsException|RequestLimitExceeded|RequestThrottled)$/],
  ['unreachable', /^(TimeoutError|RequestTimeout)$/],
];
const UNREACHABLE = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

type SdkError = NodeJS.ErrnoException & { $metadata: { httpStatusCode?: number } };

export const failureOf = (error: unknown): CallFailure => {
  const { name = 'Error', message = String(error), code, $metadata } = error as Partial<SdkError>;
  const words = message.replace(/\.$/, '');
  if (code !== undefined && UNREACHABLE.test(code)) return { kind: 'unreachable', reason: words || code };
  const kind = NAMES.find(([, names]) => names.test(name))?.[0] ?? 'other';
  if (kind === 'no credentials') return { kind, reason: words };
  const status = kind === 'other' && $metadata?.httpStatusCode !== undefined ? `, HTTP ${$metadata.httpStatusCode}` : '';
  return { kind, reason: `${name}: ${words}${status}` };
};
