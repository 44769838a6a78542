import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { experimentRequest } from '../../../functions/shared/contracts/experiment-spec.ts';
import { type InvalidRequest, MalformedJson, UnsupportedMediaType } from '../../../functions/shared/errors.ts';
import { identify, MAX_BODY_BYTES, parseBody, parseFields } from '../../../functions/shared/request.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { aSubmission } from '../a-submission.ts';

const problemsOf = (schema: z.ZodType, value: unknown) => {
  try {
    parseFields(schema, value);
  } catch (error) {
    return (error as InvalidRequest).errors;
  }
  return [];
};
const anything = z.unknown();

describe('parseBody', () => {
  it('reads JSON, base64-encoded JSON and a charset', () => {
    expect(parseBody(aRequest({ body: { a: 1 } }), anything)).toEqual({ a: 1 });
    expect(parseBody(aRequest({ rawBody: btoa('{"a":1}'), isBase64Encoded: true }), anything)).toEqual({ a: 1 });
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect(parseBody(aRequest({ body: [], headers }), anything)).toEqual([]);
  });

  it.each(['text/plain', 'application/jsonp', 'multipart/form-data', ''])('refuses the content type %o', (type) => {
    expect(() => parseBody(aRequest({ body: {}, headers: { 'content-type': type } }), anything)).toThrow(UnsupportedMediaType);
  });

  it('refuses a body without content type', () => {
    expect(() => parseBody(aRequest(), anything)).toThrow('without a content type');
  });

  it.each(['{', '{"a":1,}', 'NaN', "{'a':1}", ''])('calls %o malformed', (rawBody) => {
    expect(() => parseBody(aRequest({ rawBody }), anything)).toThrow(MalformedJson);
  });

  it('calls bytes that are not UTF-8 malformed', () => {
    const rawBody = Buffer.from([0x22, 0xff, 0x22]).toString('base64');
    expect(() => parseBody(aRequest({ rawBody, isBase64Encoded: true }), anything)).toThrow(MalformedJson);
  });

  it('accepts a body of 256 KiB and refuses one byte more, counted in bytes', () => {
    const text = `"${'é'.repeat((MAX_BODY_BYTES - 2) / 2)}"`;
    expect(parseBody(aRequest({ rawBody: text }), anything)).toHaveLength((MAX_BODY_BYTES - 2) / 2);
    expect(() => parseBody(aRequest({ rawBody: `${text} ` }), anything)).toThrow(`${MAX_BODY_BYTES + 1} bytes`);
  });
});

describe('parseFields', () => {
  it('names each field, what was expected and what came instead', () => {
    const submission = aSubmission();
    const problems = problemsOf(experimentRequest, {
      ...submission,
      name: 'No',
      train: { epochs: 0, learningRate: 'fast', head: 'softmax' },
      dataset: { ...submission.dataset, labels: { values: [3, 'two'] } },
      model: undefined,
    });
    expect(problems).toEqual([
      { field: 'name', expected: 'expected 2 to 31 of a-z, 0-9 and -, starting with a letter' },
      { field: 'model', expected: 'expected object, but it is missing' },
      { field: 'dataset.labels.values[1]', expected: 'expected number, not string' },
      { field: 'train.head', expected: 'expected one of "cumulative-link"|"coral"|"corn"|"cross-entropy"' },
      { field: 'train.epochs', expected: 'expected number to be >=1' },
      { field: 'train.learningRate', expected: 'expected number, not string' },
    ]);
  });

  it('refuses a body that is no object', () => {
    expect(problemsOf(experimentRequest, null)).toEqual([{ field: '(body)', expected: 'expected object, not null' }]);
  });

  it('refuses an unknown key at every level, whatever its name', () => {
    const places = [
      '',
      'model',
      'dataset',
      'dataset.columns',
      'dataset.labels',
      'dataset.split',
      'train',
      'quantize',
      'gates',
      'gates.int8',
      'compute',
    ];
    const key = fc.stringMatching(/^[a-zA-Z_$][a-zA-Z0-9_$]{0,30}$/).map((name) => `x${name}`);
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.oneof(key, fc.constant('__proto__')), fc.jsonValue(), (place, name, value) => {
        const submission = JSON.parse(JSON.stringify(experimentRequest.parse(aSubmission())));
        const target = place.split('.').reduce((at, part) => (part === '' ? at : at[part]), submission);
        Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
        expect(problemsOf(experimentRequest, submission)).toContainEqual({
          field: place === '' ? name : `${place}.${name}`,
          expected: 'no such field; remove it',
        });
      }),
    );
  });

  it('shortens what a client made long, and tells fifty problems at most', () => {
    const schema = z.strictObject({});
    const problems = problemsOf(schema, Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`${i}${'x'.repeat(5000)}`, 1])));
    expect(problems).toHaveLength(50);
    expect(problems.every(({ field }) => field.length <= 100)).toBe(true);
  });
});

describe('identify', () => {
  it('finds the claims where the documented event of API Gateway has them', () => {
    const documented = JSON.parse(
      readFileSync(new URL('../../fixtures/aws/http-api-payload-2.0.json', import.meta.url), 'utf8'),
    ).event;
    Object.assign(documented.requestContext.authorizer.jwt.claims, { token_use: 'id', claim1: 'acme' });
    expect(identify(documented, { CLAIM_TENANT: 'claim1', CLAIM_GROUPS: 'claim2' })).toEqual({
      tenant: 'acme',
      groups: ['value2'],
    });
  });

  it('refuses an event without verified claims', () => {
    const event = aRequest();
    Reflect.deleteProperty(event.requestContext, 'authorizer');
    expect(() => identify(event, CLAIMS)).toThrow('An ID token is required');
  });
});
