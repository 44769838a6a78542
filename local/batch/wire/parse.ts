import type { z } from 'zod';
import { ClientException } from '../errors.ts';

/** Reads a request body by its schema; the first thing wrong becomes AWS's `ClientException`, naming the member. */
export function parse<S extends z.ZodType>(operation: string, schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const member = issue?.path.join('.') || 'request';
  throw new ClientException(`Error executing request, Exception : ${operation}: ${member}: ${issue?.message ?? 'is not valid'}.`);
}
