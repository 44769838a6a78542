import type { Ending } from '../attempts/ending.ts';
import type { RetryStrategy } from '../wire/container.ts';

/** A pattern of `evaluateOnExit`: equal, or equal up to a trailing asterisk; letters' case does not matter. */
function matches(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined) return true;
  const text = (value ?? '').toLowerCase();
  const wanted = pattern.toLowerCase();
  return wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted;
}

/**
 * Whether a failed attempt is followed by another. The first rule of `evaluateOnExit` whose given patterns all match decides; a
 * failure that no rule matches is retried.
 */
export function isRetried(strategy: RetryStrategy, attemptNumber: number, ending: Ending): boolean {
  if (ending.succeeded || !ending.retriable || attemptNumber >= (strategy.attempts ?? 1)) return false;
  const rule = strategy.evaluateOnExit?.find(
    ({ onStatusReason, onReason, onExitCode }) =>
      matches(onStatusReason, ending.statusReason) &&
      matches(onReason, ending.reason) &&
      matches(onExitCode, ending.exitCode === undefined ? undefined : String(ending.exitCode)),
  );
  return rule?.action.toUpperCase() !== 'EXIT';
}
