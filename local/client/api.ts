import { setTimeout as sleep } from 'node:timers/promises';
import type { Artifact, Experiment, ExperimentEventPage, ExperimentPage, Problem, UploadAnswer } from './api-types.ts';

const TIMEOUT_MS = 30_000;
/** So long a busy service is asked again, if asking twice does no harm. */
const PATIENCE_MS = 60_000;

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

type Call = { method?: string; body?: unknown; headers?: Record<string, string> };
export type Answer<T> = { status: number; headers: Headers; body: T };

/** A second POST would make a second one, unless its key says that it is the same. */
const isRepeatable = ({ method, headers = {} }: Call): boolean => method !== 'POST' || 'idempotency-key' in headers;

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

  /** Calls once, and again as `Retry-After` says where the service is busy and the call may be repeated. */
  async call<T>(path: string, call: Call = {}): Promise<Answer<T>> {
    const patientUntil = Date.now() + PATIENCE_MS;
    for (;;) {
      const response = await this.#send(path, call);
      const retryAfter = Number(response.headers.get('retry-after'));
      if (response.status === 503 && retryAfter > 0 && isRepeatable(call) && Date.now() < patientUntil) {
        await response.body?.cancel();
        await sleep(retryAfter * 1000);
      } else return answerOf<T>(response);
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

  async createUpload(files: { path: string; bytes: number; sha256: string }[]): Promise<UploadAnswer> {
    return (await this.call<UploadAnswer>('/v1/uploads', { method: 'POST', body: { files } })).body;
  }

  async createExperiment(spec: unknown, idempotencyKey?: string): Promise<Experiment> {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return (await this.call<Experiment>('/v1/experiments', { method: 'POST', body: spec, headers })).body;
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
  async resume(id: string, idempotencyKey?: string): Promise<Answer<Experiment>> {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return this.call<Experiment>(`/v1/experiments/${id}/resume`, { method: 'POST', headers });
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
