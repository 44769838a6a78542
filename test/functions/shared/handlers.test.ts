import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Forbidden } from '../../../functions/shared/errors.ts';
import { eventHandler, httpHandler, logger } from '../../../functions/shared/handlers.ts';
import { aContext, aRequest } from '../a-request.ts';

const logged: string[] = [];
beforeEach(() => {
  vi.stubEnv('GIT_SHA', 'unknown');
  logged.length = 0;
  for (const level of ['info', 'warn', 'error'] as const) {
    // Powertools writes through a console of its own.
    vi.spyOn((logger as unknown as { console: Console }).console ?? console, level).mockImplementation(
      (line) => void logged.push(String(line)),
    );
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const lines = () => logged.map((line) => JSON.parse(line));

describe('httpHandler', () => {
  it('answers JSON and builds its services once, at the first request', async () => {
    const build = vi.fn(({ GIT_SHA }: { GIT_SHA: string }) => ({ sha: GIT_SHA }));
    const handler = httpHandler(['GIT_SHA'], build, async (_event, { sha }) => ({
      status: 201,
      body: { sha },
      headers: { location: '/x' },
    }));
    expect(build).not.toHaveBeenCalled();
    const answers = [await handler(aRequest(), aContext()), await handler(aRequest(), aContext())];
    expect(build).toHaveBeenCalledTimes(1);
    for (const answer of answers) {
      expect(answer).toEqual({
        statusCode: 201,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store', location: '/x' },
        body: '{"sha":"unknown"}',
      });
    }
  });

  it('turns an error into its problem document', async () => {
    const handler = httpHandler(
      [],
      () => ({}),
      () => Promise.reject(new Forbidden('No.')),
    );
    const { statusCode, headers, body = '' } = await handler(aRequest(), aContext());
    expect({ statusCode, type: headers?.['content-type'], problem: JSON.parse(body) }).toMatchObject({
      statusCode: 403,
      type: 'application/problem+json',
      problem: { status: 403, detail: 'No.', instance: 'urn:spotforge:request:request-1' },
    });
  });

  it('answers 500 when its environment is not what it declared, and tells nothing of it', async () => {
    vi.stubEnv('GIT_SHA', 'nonsense');
    const handler = httpHandler(
      ['GIT_SHA'],
      () => ({}),
      async () => ({ status: 200, body: {} }),
    );
    const { statusCode, body } = await handler(aRequest(), aContext());
    expect(statusCode).toBe(500);
    expect(body).not.toContain('GIT_SHA');
  });

  it('logs one line for each request, with the correlation id, and never a token, header or body', async () => {
    const handler = httpHandler(
      [],
      () => ({}),
      async ({ body }) => {
        if (body?.includes('fail')) throw new Error('broken');
        return { status: 200, body: {} };
      },
    );
    const headers = { authorization: 'Bearer hidden-token', 'x-other': 'hidden-header' };
    await handler(aRequest({ headers, body: { text: 'hidden-body' } }), aContext());
    await handler(aRequest({ headers, body: { text: 'hidden-body fail' } }), aContext());
    expect(lines()).toMatchObject([
      { message: 'answered', status: 200, correlation_id: 'request-1', route: 'GET /v1/experiments' },
      { message: 'failed', status: 500, correlation_id: 'request-1', error: { message: 'broken' } },
    ]);
    expect(logged.join()).not.toContain('hidden');
  });
});

describe('eventHandler', () => {
  it('hands on event, services and the answer', async () => {
    const handler = eventHandler(
      ['GIT_SHA'],
      (env) => env,
      async (event: { a: number }, env) => `${event.a} ${env.GIT_SHA}`,
    );
    expect(await handler({ a: 1 }, aContext())).toBe('1 unknown');
  });

  it.each([
    [{ id: 'event-1' }, 'event-1'],
    [{ experimentId: 'exp_1' }, 'exp_1'],
    [null, 'invocation-1'],
  ])('logs the failure of %o under the correlation id %s and throws it on with its name', async (event, correlation) => {
    const handler = eventHandler(
      [],
      () => ({}),
      async (_event: unknown) => {
        throw new Forbidden('No.');
      },
    );
    await expect(handler(event, aContext())).rejects.toMatchObject({ name: 'Forbidden' });
    expect(lines()).toMatchObject([{ message: 'failed', correlation_id: correlation, error: { name: 'Forbidden' } }]);
  });
});
