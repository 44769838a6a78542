import { describe, expect, it, vi } from 'vitest';
import { handler } from '../../../functions/health/get-health.ts';
import { assertCameThroughEdge, ORIGIN_HEADER } from '../../../functions/shared/origin.ts';
import { aContext, aRequest } from '../a-request.ts';

const SECRET = 's'.repeat(48);

describe('an API behind a distribution', () => {
  it('takes what carries the secret', () => {
    expect(() => assertCameThroughEdge({ [ORIGIN_HEADER]: SECRET }, SECRET)).not.toThrow();
  });

  it.each([
    ['nothing', {}],
    ['an empty secret', { [ORIGIN_HEADER]: '' }],
    ['another secret', { [ORIGIN_HEADER]: 'x'.repeat(48) }],
    ['a part of it', { [ORIGIN_HEADER]: SECRET.slice(1) }],
    ['it under another name', { 'x-origin': SECRET }],
  ])('refuses what carries %s, and says where to call', (_what, headers) => {
    expect(() => assertCameThroughEdge(headers, SECRET)).toThrow('Call the API by its public name');
  });

  it('refuses on every route, with a problem document, and answers what came through', async () => {
    vi.stubEnv('GIT_SHA', 'unknown');
    vi.stubEnv('ORIGIN_SECRET', SECRET);
    const around = await handler(aRequest({ route: 'GET /v1/healthz' }), aContext());
    expect({ status: around.statusCode, type: around.headers?.['content-type'] }).toEqual({
      status: 403,
      type: 'application/problem+json',
    });
    const through = await handler(aRequest({ route: 'GET /v1/healthz', headers: { [ORIGIN_HEADER]: SECRET } }), aContext());
    expect(through.statusCode).toBe(200);
    vi.unstubAllEnvs();
  });
});

describe('an API without one', () => {
  it('takes whatever comes', () => {
    expect(() => assertCameThroughEdge({}, undefined)).not.toThrow();
  });
});
