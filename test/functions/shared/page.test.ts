import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { cursorOf, encodeCursor, limitOf, pageOf, parseQuery } from '../../../functions/shared/page.ts';

const word = z.string().regex(/^[a-z]{1,8}$/);

describe('a cursor', () => {
  it('comes back as it was given', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 2, maxLength: 2 }), (position) => {
        expect(cursorOf([word, word]).parse(encodeCursor(position))).toEqual(position);
      }),
    );
  });

  it('is refused when it is not one of ours, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
        ),
        (text) => {
          expect(cursorOf([word, word]).safeParse(text).success).toBe(false);
        },
      ),
    );
  });
});

describe('a query', () => {
  const query = z.strictObject({ limit: limitOf(20) });

  it.each([
    ['1', 1],
    ['99', 99],
    ['100', 100],
  ])('takes the limit %s', (limit, expected) => {
    expect(parseQuery({ queryStringParameters: { limit } }, query)).toEqual({ limit: expected });
  });

  it.each(['0', '101', '-1', '1e1', ' 1', '1.5', ''])('refuses the limit %o', (limit) => {
    expect(() => parseQuery({ queryStringParameters: { limit } }, query)).toThrow('limit: expected a whole number from 1 to 100');
  });

  it('has a default and refuses what it does not know', () => {
    expect(parseQuery({}, query)).toEqual({ limit: 20 });
    expect(() => parseQuery({ queryStringParameters: { page: '2' } }, query)).toThrow('page: no such field');
  });
});

describe('pageOf', () => {
  it('has a next page exactly when there are more rows than it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 20 }), (rows, limit) => {
        const { items, next } = pageOf(rows.slice(0, limit + 1), limit, (row) => [row]);
        expect(items).toEqual(rows.slice(0, limit));
        expect(next === null).toBe(rows.length <= limit);
      }),
    );
  });
});
