import * as z from 'zod';
import { jsonOf } from './json.ts';
import { parseFields } from './request.ts';

/** A position is opaque to its user and says nothing about whose list it is: a page is always read under the asker's own tenant. */
export const encodeCursor = (position: readonly string[]): string => Buffer.from(JSON.stringify(position)).toString('base64url');

const decoded = (cursor: string): unknown => jsonOf(Buffer.from(cursor, 'base64url').toString('utf8'));

/** A schema for `?cursor=`: reads back what `encodeCursor` wrote, if each part looks as it must. */
export const cursorOf = <const P extends readonly [z.ZodType<string>, ...z.ZodType<string>[]]>(parts: P) =>
  z
    .string()
    .max(2048)
    .transform((cursor, context): string[] => {
      const read = z.tuple(parts as readonly [z.ZodType<string>, ...z.ZodType<string>[]]).safeParse(decoded(cursor));
      if (read.success) return read.data;
      context.issues.push({ code: 'custom', message: 'expected a cursor as the page before gave it in `next`', input: cursor });
      return z.NEVER;
    });

export const limitOf = (byDefault: number) =>
  z
    .string()
    .regex(/^[1-9][0-9]?$|^100$/, 'expected a whole number from 1 to 100')
    .transform(Number)
    .default(byDefault);

/** @throws InvalidRequest naming each query parameter that is unknown or malformed */
export const parseQuery = <T extends z.ZodType>(
  event: { queryStringParameters?: Record<string, string | undefined> },
  schema: T,
) => parseFields(schema, event.queryStringParameters ?? {});

/** `rows` were read with one more than the page holds: the extra one says that there is a next page. */
export const pageOf = <T>(rows: readonly T[], limit: number, position: (row: T) => readonly string[]) => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null };
};
