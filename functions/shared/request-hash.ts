import { createHash } from 'node:crypto';

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** SHA-256 of a parsed body: white space, the order of keys and defaults written out or left away make no other request. */
export const requestHash = (request: unknown): string =>
  createHash('sha256').update(JSON.stringify(request, sorted)).digest('hex');
