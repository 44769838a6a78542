import { describe, expect, it } from 'vitest';
import { causes, isNamed, isTransient } from '../../../functions/shared/aws-errors.ts';
import { problem as problemSchema } from '../../../functions/shared/contracts/experiment-view.ts';
import * as errors from '../../../functions/shared/errors.ts';
import { problemOf } from '../../../functions/shared/problem.ts';

const named = (name: string, more: object = {}) => Object.assign(new Error(`secret ${name}`), { name, ...more });

const FORESEEN: [errors.SpotforgeError, number, string][] = [
  [new errors.MalformedJson('m'), 400, 'malformed-json'],
  [new errors.MalformedIdempotencyKey(), 400, 'malformed-idempotency-key'],
  [new errors.Forbidden('f'), 403, 'forbidden'],
  [new errors.ExperimentNotFound(), 404, 'experiment-not-found'],
  [new errors.RouteNotFound('GET', '/x'), 404, 'route-not-found'],
  [new errors.DatasetNotFound(), 404, 'dataset-not-found'],
  [new errors.DatasetVersionNotFound(), 404, 'dataset-version-not-found'],
  [new errors.DatasetExists('ratings'), 409, 'dataset-exists'],
  [new errors.IdempotencyKeyReused(), 409, 'idempotency-key-reused'],
  [new errors.ExperimentFinished('failed'), 409, 'experiment-finished'],
  [new errors.ExperimentNotResumable('running', 'it is running'), 409, 'experiment-not-resumable'],
  [new errors.PinsChanged([{ field: 'pins', expected: 'a', found: 'b' }]), 409, 'pins-changed'],
  [new errors.IllegalTransition('failed', 'running'), 409, 'illegal-transition'],
  [new errors.BodyTooLarge(9, 8), 413, 'body-too-large'],
  [new errors.UnsupportedMediaType(undefined), 415, 'unsupported-media-type'],
  [new errors.InvalidRequest([{ field: 'a', expected: 'b' }]), 422, 'invalid-request'],
  [new errors.ConcurrentChange('exp_1'), 503, 'concurrent-change'],
];

describe('problemOf', () => {
  it.each(FORESEEN)('%s becomes %i %s', (error, status, type) => {
    const { problem, headers } = problemOf(error, 'request-1');
    expect(problemSchema.parse(problem)).toMatchObject({
      type: `urn:spotforge:problem:${type}`,
      status,
      detail: error.message,
      instance: 'urn:spotforge:request:request-1',
    });
    expect(headers['content-type']).toBe('application/problem+json');
  });

  it('covers every row of the table', () => {
    const hidden = ['EnvironmentInvalid', 'UnexpectedAnswer', 'ItemTooNew', 'ItemTooOld'];
    const covered = new Set([...FORESEEN.map(([{ name }]) => name), ...hidden]);
    expect([...covered].sort()).toEqual(Object.keys(errors.OUTCOMES).sort());
  });

  it('names the fields of an invalid request', () => {
    expect(problemOf(new errors.InvalidRequest([{ field: 'a', expected: 'b' }]), 'r').problem.errors).toEqual([
      { field: 'a', expected: 'b' },
    ]);
  });

  it.each([
    named('TypeError'),
    named('ResourceNotFoundException', { table: 'secret' }),
    new errors.EnvironmentInvalid(['secret']),
    new errors.UnexpectedAnswer('secret'),
    named('ElectroError', { cause: new errors.ItemTooNew(2, 1) }),
    'secret',
    undefined,
  ])('shows nothing of what it did not foresee but the request id: %s', (error) => {
    const { problem, headers } = problemOf(error, 'request-1');
    expect(problem).toMatchObject({ status: 500, instance: 'urn:spotforge:request:request-1' });
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect(headers).not.toHaveProperty('retry-after');
  });

  it.each([
    named('ThrottlingException'),
    named('ElectroError', { cause: named('ProvisionedThroughputExceededException') }),
    named('SlowDown', { $metadata: { httpStatusCode: 503 } }),
    named('Unknown', { $metadata: { httpStatusCode: 429 } }),
    named('InternalServerError', { $metadata: { httpStatusCode: 500 } }),
    named('TransactionCanceledException', { CancellationReasons: [{ Code: 'None' }, { Code: 'ThrottlingError' }] }),
  ])('asks to try again when AWS is busy or failed itself: %s', (error) => {
    const { problem, headers } = problemOf(error, 'r');
    expect(problem.status).toBe(503);
    expect(headers['retry-after']).toBe('2');
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});

describe('what AWS throws', () => {
  it('is looked for through everything that caused it, even in a circle', () => {
    const circular: { name: string; cause?: unknown } = { name: 'A' };
    circular.cause = circular;
    expect(causes(circular)).toHaveLength(10);
    expect(isNamed(named('Outer', { cause: named('Inner') }), 'Inner')).toBe(true);
    expect(isNamed('Inner', 'Inner')).toBe(false);
  });

  it('is not taken for busy when it is wrong', () => {
    expect(
      isTransient(named('TransactionCanceledException', { CancellationReasons: [{ Code: 'ConditionalCheckFailed' }, {}] })),
    ).toBe(false);
    expect(isTransient(named('ValidationException', { $metadata: { httpStatusCode: 400 } }))).toBe(false);
  });
});
