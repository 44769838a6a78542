import { type HttpAnswer, httpHandler } from '../shared/handlers.ts';

export const environment = ['GIT_SHA'] as const;

/** `GET /v1/healthz`: the API answers, and with which commit. Asks nothing of any other service. */
export const getHealth = async (_event: unknown, { gitSha }: { gitSha: string }): Promise<HttpAnswer> => ({
  status: 200,
  body: { status: 'ok', gitSha },
});

export const handler = httpHandler(environment, ({ GIT_SHA }) => ({ gitSha: GIT_SHA }), getHealth);
