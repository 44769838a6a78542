import type * as z from 'zod';
import { BodyTooLarge, type FieldProblem, InvalidRequest, MalformedJson, UnsupportedMediaType } from './errors.ts';
import type { HttpEvent } from './handlers.ts';
import { type ClaimNames, type Identity, identityOf } from './identity.ts';

/** An execution's input and a Batch submit are small; a specification of 256 KiB is a mistake. */
export const MAX_BODY_BYTES = 256 * 1024;
const MAX_PROBLEMS = 50;
const MAX_NAME = 100;

const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part).slice(0, MAX_NAME)}`))
    .join('')
    .replace(/^\./, '') || '(body)';

const sentence = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type') {
    const received = issue.message.split(', received ')[1];
    return `expected ${issue.expected}${received === undefined ? '' : received === 'undefined' ? ', but it is missing' : `, not ${received}`}`;
  }
  const text = issue.message.replace(/^(Invalid option|Invalid input|Invalid string|Too small|Too big): /, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
};

/** What zod found, as field and expectation; one entry for each unknown key. */
const fieldProblems = (error: z.ZodError): FieldProblem[] =>
  error.issues
    .flatMap((issue): FieldProblem[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ field: fieldOf([...issue.path, key]), expected: 'no such field; remove it' }))
        : [{ field: fieldOf(issue.path), expected: sentence(issue) }],
    )
    .slice(0, MAX_PROBLEMS);

/** @throws InvalidRequest naming every field that is not what `schema` expects */
export const parseFields = <T extends z.ZodType>(schema: T, value: unknown): z.output<T> => {
  // The message of an issue says what was received only when the input is reported.
  const read = schema.safeParse(value, { reportInput: true });
  if (!read.success) throw new InvalidRequest(fieldProblems(read.error));
  return read.data;
};

/**
 * The JSON body of a request, parsed and validated.
 * @throws UnsupportedMediaType (415), BodyTooLarge (413), MalformedJson (400), InvalidRequest (422)
 */
export const parseBody = <T extends z.ZodType>(event: HttpEvent, schema: T): z.output<T> => {
  const contentType = event.headers['content-type'];
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) throw new UnsupportedMediaType(contentType?.slice(0, MAX_NAME));
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength > MAX_BODY_BYTES) throw new BodyTooLarge(bytes.byteLength, MAX_BODY_BYTES);
  return parseFields(schema, parseJson(bytes));
};

const parseJson = (bytes: Buffer): unknown => {
  if (bytes.byteLength === 0) throw new MalformedJson('The body is empty; a JSON object is expected.');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new MalformedJson('The body is not JSON. Check quotes, commas and braces; the encoding must be UTF-8.', { cause });
  }
};

/** Who asks, from the claims that the gateway's authorizer has verified. */
export const identify = (event: HttpEvent, names: ClaimNames): Identity =>
  identityOf(event.requestContext.authorizer?.jwt?.claims ?? {}, names);
