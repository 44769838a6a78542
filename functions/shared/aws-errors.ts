const THROTTLED = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingError',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionConflict',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

type AwsShaped = {
  name?: unknown;
  cause?: unknown;
  CancellationReasons?: { Code?: string }[];
  $metadata?: { httpStatusCode?: number };
};

const isObject = (value: unknown): value is AwsShaped => typeof value === 'object' && value !== null;

/** An error and everything it was caused by, outermost first. ElectroDB wraps what the SDK throws. */
export const causes = (error: unknown): AwsShaped[] => {
  const chain: AwsShaped[] = [];
  for (let next = error; isObject(next) && chain.length < 10; next = next.cause) chain.push(next);
  return chain;
};

export const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  causes(error).some(({ name }) => typeof name === 'string' && names.includes(name));

/** True when AWS said "not now" or failed itself: the same request may succeed in a moment. */
export const isTransient = (error: unknown): boolean =>
  causes(error).some(
    ({ name, CancellationReasons, $metadata }) =>
      (typeof name === 'string' && THROTTLED.has(name)) ||
      $metadata?.httpStatusCode === 429 ||
      (typeof $metadata?.httpStatusCode === 'number' && $metadata.httpStatusCode >= 500) ||
      CancellationReasons?.some(({ Code }) => Code !== undefined && THROTTLED.has(Code)) === true,
  );
