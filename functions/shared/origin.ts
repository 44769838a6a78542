import { createHash, timingSafeEqual } from 'node:crypto';
import { Forbidden } from './errors.ts';

/** The header in which the distribution in front of the API says that a request came through it; a client's own is overwritten there. */
export const ORIGIN_HEADER = 'x-spotforge-origin';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * An HTTP API can neither be closed to the internet nor have a firewall of its own: whoever finds its address would go round the one in front.
 * @param secret undefined: nothing stands in front of the API
 * @throws Forbidden when the request did not come through the distribution
 */
export const assertCameThroughEdge = (
  headers: Readonly<Record<string, string | undefined>>,
  secret: string | undefined,
): void => {
  if (secret === undefined || timingSafeEqual(digest(headers[ORIGIN_HEADER] ?? ''), digest(secret))) return;
  throw new Forbidden('This address is for the distribution in front of the API only. Call the API by its public name.');
};
