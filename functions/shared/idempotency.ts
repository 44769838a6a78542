import { IdempotencyKeyReused, MalformedIdempotencyKey } from './errors.ts';
import type { HttpAnswer, HttpEvent } from './handlers.ts';
import type { IdempotencyKeyItem } from './table/idempotency-key.ts';

/** @throws MalformedIdempotencyKey when the header is there and not 1 to 64 of `[A-Za-z0-9_-]` */
export const idempotencyKeyOf = (event: HttpEvent): string | undefined => {
  const key = event.headers['idempotency-key'];
  if (key !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(key)) throw new MalformedIdempotencyKey();
  return key;
};

/**
 * The first answer again.
 * @throws IdempotencyKeyReused when the key came with another body then
 */
export const replayOf = (stored: IdempotencyKeyItem, requestSha256: string): HttpAnswer => {
  if (stored.requestSha256 !== requestSha256) throw new IdempotencyKeyReused();
  return {
    status: stored.status,
    body: stored.body,
    headers: { location: stored.location, 'idempotency-replayed': 'true' },
  };
};
