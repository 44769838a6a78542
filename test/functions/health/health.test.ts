import { describe, expect, it } from 'vitest';
import { getHealth } from '../../../functions/health/get-health.ts';
import { handler, refuseUnknownRoute } from '../../../functions/health/refuse-unknown-route.ts';
import { aContext, aRequest } from '../a-request.ts';

describe('GET /v1/healthz', () => {
  it('answers with the commit and asks nothing of any other service', async () => {
    expect(await getHealth({}, { gitSha: 'a'.repeat(40) })).toEqual({
      status: 200,
      body: { status: 'ok', gitSha: 'a'.repeat(40) },
    });
  });
});

describe('an unknown route', () => {
  it('is a problem document that names method and path', async () => {
    const { statusCode, headers, body = '' } = await handler(aRequest({ route: 'PATCH /v1/nothing' }), aContext());
    expect({ statusCode, type: headers?.['content-type'] }).toEqual({ statusCode: 404, type: 'application/problem+json' });
    expect(JSON.parse(body)).toMatchObject({ title: 'Route not found', detail: expect.stringContaining('PATCH /v1/nothing') });
  });

  it('does not repeat a path without end', async () => {
    const event = aRequest({ route: `GET /${'x'.repeat(5000)}` });
    const error = await refuseUnknownRoute(event).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'RouteNotFound' });
    expect(String(error).length).toBeLessThan(400);
  });
});
