import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Artifact, Experiment, ExperimentEventPage, ExperimentPage, Problem, UploadAnswer } from './api-types.ts';

const TIMEOUT_MS = 30_000;
/** So long a busy service is asked again, if asking twice does no harm. */
const PATIENCE_MS = 60_000;
/** Waits of a caller whom nobody told how long: doubled each time, up to the longest. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** What an HTTP API answers by itself when a function ran out of time or could not be started. */
const GATEWAY_STATUSES = [500, 502, 503, 504];

/** The API said no: its problem document, as one sentence. */
export class ApiRefusal extends Error {
  override name = 'ApiRefusal';
  readonly problem: Problem;
  constructor(problem: Problem) {
    const fields = (problem.errors ?? []).map(({ field, expected, found }) =>
      found === undefined ? `${field}: ${expected}` : `${field}: expected ${expected}; found ${found}`,
    );
    super([`${problem.status} ${problem.title}: ${problem.detail}`, ...fields].join('\n  '));
    this.problem = problem;
  }
}

type Call = {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent twice it does what it does once. Absent: every call but a POST. */
  repeatable?: boolean;
};
export type Answer<T> = { status: number; headers: Headers; body: T };

/** Undefined: asking again would not help. An answer of ours says when; the gateway's own (no problem document) never does. */
const waitBeforeAgain = ({ status, headers }: Response, backoffMs: number): number | undefined => {
  const retryAfter = Number(headers.get('retry-after'));
  if (status === 503 && retryAfter > 0) return retryAfter * 1000;
  const isOurs = headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  return GATEWAY_STATUSES.includes(status) && !isOurs ? backoffMs : undefined;
};

const keyed = (key: string): Call => ({ headers: { 'idempotency-key': key }, repeatable: true });

const answerOf = async <T>(response: Response): Promise<Answer<T>> => {
  const text = await response.text();
  const parsed = text === '' ? undefined : JSON.parse(text);
  if (!response.ok) {
    throw new ApiRefusal({ type: 'about:blank', title: response.statusText, detail: text, status: response.status, ...parsed });
  }
  return { status: response.status, headers: response.headers, body: parsed as T };
};

/** A typed client of the HTTP API. `token` is asked for each call, so that it may refresh. */
export class Api {
  readonly #url: string;
  readonly #token: () => Promise<string>;

  constructor(url: string, token: () => Promise<string>) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
  }

  /** Calls once, and again while the service or its gateway is busy and the call may be repeated. */
  async call<T>(path: string, call: Call = {}): Promise<Answer<T>> {
    const { repeatable = call.method !== 'POST' } = call;
    const patientUntil = Date.now() + PATIENCE_MS;
    for (let backoffMs = FIRST_WAIT_MS; ; backoffMs = Math.min(2 * backoffMs, LONGEST_WAIT_MS)) {
      const response = await this.#send(path, call);
      const waitMs = repeatable && Date.now() < patientUntil ? waitBeforeAgain(response, backoffMs) : undefined;
      if (waitMs === undefined) return answerOf<T>(response);
      await response.body?.cancel();
      await sleep(waitMs);
    }
  }

  async #send(path: string, { method = 'GET', body, headers = {} }: Call): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.#token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  /** The same files are the same upload, however often they are declared. */
  async createUpload(files: { path: string; bytes: number; sha256: string }[]): Promise<UploadAnswer> {
    return (await this.call<UploadAnswer>('/v1/uploads', { method: 'POST', body: { files }, repeatable: true })).body;
  }

  /** One experiment, also when the call has to be repeated: without a key of the caller's it gets one of its own. */
  async createExperiment(spec: unknown, idempotencyKey: string = randomUUID()): Promise<Experiment> {
    return (await this.call<Experiment>('/v1/experiments', { method: 'POST', body: spec, ...keyed(idempotencyKey) })).body;
  }

  async experiment(id: string): Promise<Experiment> {
    return (await this.call<Experiment>(`/v1/experiments/${id}`)).body;
  }

  async experiments(query = ''): Promise<ExperimentPage> {
    return (await this.call<ExperimentPage>(`/v1/experiments${query}`)).body;
  }

  async events(id: string, query = ''): Promise<ExperimentEventPage> {
    return (await this.call<ExperimentEventPage>(`/v1/experiments/${id}/events${query}`)).body;
  }

  async cancel(id: string): Promise<Answer<Experiment>> {
    return this.call<Experiment>(`/v1/experiments/${id}`, { method: 'DELETE' });
  }

  /** The next run of an experiment that failed or was cancelled. */
  async resume(id: string, idempotencyKey: string = randomUUID()): Promise<Answer<Experiment>> {
    return this.call<Experiment>(`/v1/experiments/${id}/resume`, { method: 'POST', ...keyed(idempotencyKey) });
  }

  /** Every artifact, page after page. */
  async artifacts(id: string): Promise<Artifact[]> {
    const items: Artifact[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const { body }: Answer<{ items: Artifact[]; next: string | null }> = await this.call(
        `/v1/experiments/${id}/artifacts${query}`,
      );
      items.push(...body.items);
      cursor = body.next;
    }
    return items;
  }
}
