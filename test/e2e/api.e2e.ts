import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Problem } from '../../functions/shared/contracts/experiment-view.ts';
import { Api, ApiRefusal } from '../../local/client/api.ts';
import { hashFiles } from '../../local/client/file-hash.ts';
import { anExperiment, ended } from './an-experiment.ts';
import { poolKey, resignToken, strangersKey } from './resign-token.ts';
import { apiOf, tokenOf } from './users.ts';

const tier = inject('tier');
const fixtures = inject('fixtures');

const problemOf = async (call: Promise<unknown>): Promise<Problem> => {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof ApiRefusal)) throw new Error(`expected a problem document, got ${JSON.stringify(outcome)}`);
  return outcome.problem;
};

const post = async (token: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${tier.apiUrl.replace(/\/$/, '')}/v1/experiments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  });

describe('the API', () => {
  let acme: Api;
  let spec: Record<string, unknown>;

  beforeAll(async () => {
    acme = await apiOf(tier, 'acme');
    spec = await anExperiment(acme, fixtures.tiny, { name: 'api' });
  });

  it('answers its health without a token', async () => {
    const response = await fetch(`${tier.apiUrl.replace(/\/$/, '')}/v1/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ok' });
  });

  it('refuses a call without a token and with a forged one', async () => {
    const url = `${tier.apiUrl.replace(/\/$/, '')}/v1/experiments`;
    expect((await fetch(url)).status).toBe(401);
    const token = await (await tokenOf(tier, 'acme'))();
    const forged = `${token.slice(0, -6)}AAAAAA`;
    expect((await fetch(url, { headers: { authorization: `Bearer ${forged}` } })).status).toBe(401);
  });

  it('refuses an expired token, one of another client and one that a stranger signed', async () => {
    const token = await (await tokenOf(tier, 'acme'))();
    const key = poolKey(String(inject('outputs').UserPoolId));
    const status = async (sent: string): Promise<number> =>
      (await fetch(`${tier.apiUrl.replace(/\/$/, '')}/v1/experiments`, { headers: { authorization: `Bearer ${sent}` } })).status;
    const now = Math.floor(Date.now() / 1000);
    expect(await status(resignToken(token, key, { exp: now + 600 }))).toBe(200);
    expect(await status(resignToken(token, key, { exp: now - 600 }))).toBe(401);
    expect(await status(resignToken(token, key, { aud: 'another-client' }))).toBe(401);
    expect(await status(resignToken(token, strangersKey()))).toBe(401);
  });

  it('refuses an access token, which has no tenant', async () => {
    const token = await (await tokenOf(tier, 'acme'))();
    const access = resignToken(token, poolKey(String(inject('outputs').UserPoolId)), { token_use: 'access' });
    const problem = await problemOf(new Api(tier.apiUrl, async () => access).experiments());
    expect(problem.status).toBe(403);
    expect(problem.detail).toMatch(/ID token/);
  });

  it('refuses a user without a tenant', async () => {
    const problem = await problemOf((await apiOf(tier, 'nobody')).experiments());
    expect(problem.status).toBe(403);
    expect(problem.detail).toMatch(/tenant/);
  });

  it('answers an unknown route with a problem document', async () => {
    const problem = await problemOf(acme.call('/v1/nothing'));
    expect(problem.status).toBe(404);
  });

  it('refuses malformed JSON, unknown keys and wrong types, naming each field', async () => {
    const token = await (await tokenOf(tier, 'acme'))();
    const malformed = await post(token, '{"name": ');
    expect(malformed.status).toBe(400);
    expect(malformed.headers.get('content-type')).toMatch('application/problem+json');
    const { train } = spec as { train: object };
    const problem = await problemOf(acme.createExperiment({ ...spec, colour: 'red', train: { ...train, epochs: 'many' } }));
    expect(problem.status).toBe(422);
    expect(problem.errors?.map(({ field }) => field)).toEqual(expect.arrayContaining(['colour', 'train.epochs']));
  });

  it('refuses a body over 256 KiB', async () => {
    const token = await (await tokenOf(tier, 'acme'))();
    const response = await post(token, JSON.stringify({ ...spec, name: 'x'.repeat(300_000) }));
    expect(response.status).toBe(413);
  });

  it('refuses an unknown upload, a foreign upload and a bucket that is not allowed', async () => {
    const dataset = spec.dataset as { source: string };
    const unknown = { ...spec, dataset: { ...dataset, source: 'upload:upl_01h455vb4pex5vsknk084sn02q' } };
    expect((await problemOf(acme.createExperiment(unknown))).status).toBe(422);
    const globex = await apiOf(tier, 'globex');
    expect((await problemOf(globex.createExperiment(spec))).status).toBe(422);
    const bucket = { ...spec, dataset: { ...dataset, source: 's3://somebody-elses-bucket/data' } };
    expect((await problemOf(acme.createExperiment(bucket))).status).toBe(422);
  });

  it('refuses at submit a dataset whose hash is not the one in the spec', async () => {
    const dataset = { ...(spec.dataset as object), sha256: 'a'.repeat(64) };
    const problem = await problemOf(acme.createExperiment({ ...spec, dataset }));
    expect(problem.status).toBe(422);
    expect(JSON.stringify(problem)).toContain('a'.repeat(64));
  });

  it('refuses an uploaded file whose content is not what was declared', async () => {
    const [file] = await hashFiles(fixtures.oneClass.file);
    if (!file) throw new Error('no file');
    const declared = { path: 'other.csv', bytes: file.bytes, sha256: 'b'.repeat(64) };
    const { files } = await acme.createUpload([declared]);
    const target = files[0];
    const response = await fetch(String(target?.url), {
      method: 'PUT',
      headers: target?.headers ?? {},
      body: readFileSync(file.file),
    });
    expect(response.status).toBe(400);
  });

  it('replays a POST with the same Idempotency-Key, refuses another body under it, and keeps tenants apart', async () => {
    const key = `e2e-${Date.now()}`;
    const call = () =>
      acme.call<{ id: string }>('/v1/experiments', { method: 'POST', body: spec, headers: { 'idempotency-key': key } });
    const first = await call();
    expect(first.status).toBe(201);
    const again = await call();
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body.id).toBe(first.body.id);
    const other = { ...spec, name: 'another' };
    expect((await problemOf(acme.createExperiment(other, key))).status).toBe(409);

    const globex = await apiOf(tier, 'globex');
    expect((await problemOf(globex.experiment(first.body.id))).status).toBe(404);
    expect((await problemOf(globex.cancel(first.body.id))).status).toBe(404);
    expect((await globex.experiments()).items).toEqual([]);
    const listed = await acme.experiments('?limit=1');
    expect(listed.items).toHaveLength(1);
    await acme.cancel(first.body.id);
    expect((await ended(acme, first.body.id)).status).toBe('cancelled');
    expect((await acme.experiments('?status=cancelled')).items.map(({ id }) => id)).toContain(first.body.id);
  });
});
