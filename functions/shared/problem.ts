import { isTransient } from './aws-errors.ts';
import type { Problem } from './contracts/experiment-view.ts';
import { OUTCOMES, SpotforgeError } from './errors.ts';

type ProblemAnswer = { problem: Problem; headers: Record<string, string> };

const kebab = (name: string): string => name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

const BUSY = {
  type: 'urn:spotforge:problem:busy',
  title: 'Busy',
  status: 503,
  detail: 'A service that this request needs does not answer now. Try again in a moment.',
};
const INTERNAL = {
  type: 'urn:spotforge:problem:internal',
  title: 'Internal error',
  status: 500,
  detail: 'Something went wrong on our side. Quote the request id when you report it.',
};

/** The RFC 9457 document for an error. What we did not foresee shows nothing but the request id. */
export const problemOf = (error: unknown, requestId: string): ProblemAnswer => {
  const answer = (problem: Problem, retryAfterSeconds?: number): ProblemAnswer => ({
    problem: { ...problem, instance: `urn:spotforge:request:${requestId}` },
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
  });
  if (error instanceof SpotforgeError && OUTCOMES[error.name].status !== 500) {
    const outcome: { status: number; title: string; retryAfterSeconds?: number } = OUTCOMES[error.name];
    return answer(
      {
        type: `urn:spotforge:problem:${kebab(error.name)}`,
        title: outcome.title,
        status: outcome.status,
        detail: error.message,
        ...(error.errors.length === 0 ? {} : { errors: [...error.errors] }),
      },
      outcome.retryAfterSeconds,
    );
  }
  return isTransient(error) ? answer(BUSY, 2) : answer(INTERNAL);
};
