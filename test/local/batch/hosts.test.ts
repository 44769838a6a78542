import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialsServer } from '../../../local/batch/attempts/credentials-server.ts';
import { eventually, Harness, ROLE } from './harness.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/aws/batch/${name}.json`, import.meta.url), 'utf8'));

let batch: Harness;

beforeAll(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.definition('shell', { jobRoleArn: ROLE });
});
afterAll(() => batch.stop());

/** A job that stays, with what its process sees. */
async function longJob(jobName: string): Promise<{ id: string; env: Record<string, string> }> {
  const id = await batch.submit('env; echo end-of-env; sleep 60', { jobName });
  const lines = await batch.logOf(id, 'end-of-env');
  return { id, env: Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)])) };
}

describe('the credentials of a job role', () => {
  it('are served in ECS’s shape to the attempt’s own token only, and only while it lives', async () => {
    const { id, env } = await longJob('holder');
    const uri = env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '';
    const authorization = env.AWS_CONTAINER_AUTHORIZATION_TOKEN ?? '';
    const answer = await fetch(uri, { headers: { authorization } });
    const credentials = (await answer.json()) as Record<string, string>;
    expect(Object.keys(credentials)).toEqual(fixture('container-credentials').members);
    expect(credentials).toMatchObject({ RoleArn: ROLE, SecretAccessKey: `secret-${id}` });
    expect(batch.aws.assumed.filter(({ session }) => session === id)).toEqual([{ roleArn: ROLE, session: id }]);
    expect((await fetch(uri)).status).toBe(401);
    const other = await longJob('other');
    const stolen = await fetch(other.env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '', { headers: { authorization } });
    expect(stolen.status).toBe(401);
    await batch.control('hosts/reclaim', { jobId: id, noticeSeconds: 0 });
    await batch.ended(id);
    await eventually(async () => (await fetch(uri, { headers: { authorization } })).status === 404, 'the grant to end');
    await batch.control('hosts/reclaim', { jobName: 'other', noticeSeconds: 0 });
    await batch.ended(other.id);
  });

  it('are fetched again before they expire, and after a failure', async () => {
    let calls = 0;
    const server = new CredentialsServer(async () => {
      calls += 1;
      if (calls === 1) throw new Error('not yet');
      const life = calls === 2 ? 60_000 : 3_600_000;
      return { accessKeyId: `key-${calls}`, secretAccessKey: 's', sessionToken: 't', expiration: new Date(Date.now() + life) };
    });
    await server.listen();
    const { uri, token, ready } = server.open(ROLE, 'session');
    await expect(ready).rejects.toThrow('not yet');
    const ask = async () =>
      ((await (await fetch(uri, { headers: { authorization: token } })).json()) as { AccessKeyId: string }).AccessKeyId;
    expect([await ask(), await ask(), await ask()]).toEqual(['key-2', 'key-3', 'key-3']);
    server.close();
  });

  it('come from the executor’s own key, which is the only one that reaches AWS', () => {
    expect([...batch.aws.accessKeys]).toEqual(['ROOTKEY']);
  });
});

describe('the host of a job', () => {
  const notice = fixture('spot-instance-action');
  const tokenFrom = async (endpoint: string, seconds = '60') => {
    const answer = await fetch(`${endpoint}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': seconds },
    });
    return { status: answer.status, token: await answer.text() };
  };

  it('tells of its end by IMDSv2: 401 without a token, 404 before the notice, then EC2’s document; then the job has lost its host', async () => {
    const { id, env } = await longJob('reclaimed');
    const endpoint = env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? '';
    const { token } = await tokenFrom(endpoint);
    const look = (path = notice.path, headers: Record<string, string> = { 'x-aws-ec2-metadata-token': token }) =>
      fetch(endpoint + path, { headers });
    expect((await look(notice.path, {})).status).toBe(notice.withoutToken);
    expect((await look()).status).toBe(notice.withoutNotice);
    expect(await (await look('/latest/meta-data/instance-life-cycle')).text()).toBe('spot');
    const { body } = await batch.control('hosts/reclaim', { jobName: 'reclaimed', noticeSeconds: 0.5 });
    const document = (await (await look()).json()) as Record<string, string>;
    expect(Object.keys(document)).toEqual(Object.keys(notice.document));
    expect(document).toMatchObject({ action: 'terminate', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) });
    expect((await batch.describe(id)).status).toBe('RUNNING');
    const job = await batch.ended(id);
    expect(job).toMatchObject({ status: 'FAILED', statusReason: `Host EC2 (instance ${body.instanceId}) terminated.` });
    expect(job.container?.exitCode).toBeUndefined();
  });

  it('a job that leaves within the notice keeps its own exit code', async () => {
    const id = await batch.submit('echo up; sleep 0.3; exit 75', { jobName: 'leaver' });
    await batch.logOf(id, 'up').catch(() => []);
    await batch.control('hosts/reclaim', { jobId: id, noticeSeconds: 60 });
    expect(await batch.ended(id)).toMatchObject({
      statusReason: 'Essential container in task exited',
      container: { exitCode: 75 },
    });
  });

  it('refuses token requests as EC2 does', async () => {
    const { id, env } = await longJob('asker');
    const endpoint = env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? '';
    expect((await tokenFrom(endpoint, '0')).status).toBe(400);
    expect((await fetch(`${endpoint}/latest/api/token`)).status).toBe(405);
    const forwarded = { 'x-forwarded-for': '1.2.3.4', 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    expect((await fetch(`${endpoint}/latest/api/token`, { method: 'PUT', headers: forwarded })).status).toBe(403);
    expect((await fetch(`${endpoint}/latest/meta-data/`, { method: 'POST' })).status).toBe(405);
    await batch.control('hosts/reclaim', { jobId: id, noticeSeconds: 0 });
  });
});

describe('the control endpoint', () => {
  it('drops as many events as asked, of the jobs and statuses asked', async () => {
    await batch.control('events/drop', { jobNamePattern: 'lost-*', statuses: ['SUCCEEDED'], count: 1 });
    const [first, other] = [
      await batch.submit('exit 0', { jobName: 'lost-1' }),
      await batch.submit('exit 0', { jobName: 'kept' }),
    ];
    await Promise.all([batch.ended(first), batch.ended(other)]);
    const second = await batch.submit('exit 0', { jobName: 'lost-2' });
    await eventually(() => [other, second].every((id) => batch.aws.statusesOf(id).includes('SUCCEEDED')), 'the other events');
    expect(batch.aws.statusesOf(first)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING']);
  });

  it('refuses what it does not know', async () => {
    expect((await batch.control('nothing')).status).toBe(400);
    expect((await batch.control('hosts/reclaim', { jobName: 'nobody' })).status).toBe(400);
    expect((await batch.control('hosts/reclaim', {})).body.message).toMatch(/either jobId or jobName/);
    expect((await batch.control('health')).body).toEqual({ status: 'ok' });
  });
});

describe('a stop of the executor', () => {
  it('does not wait for a job that is only starting, and starts it no more', async () => {
    const own = await Harness.start();
    await own.queue('cpu');
    await own.definition('shell', { jobRoleArn: ROLE });
    own.aws.hangsOnRoles = true;
    const id = await own.submit('sleep 60');
    await own.until(id, 'STARTING');
    const began = Date.now();
    await own.halt();
    expect(Date.now() - began).toBeLessThan(8_000);
    own.aws.hangsOnRoles = false;
    await own.boot();
    expect(await own.ended(id)).toMatchObject({ statusReason: expect.stringMatching(/^Host EC2 /), attempts: [{}] });
    await own.stop();
  }, 15_000);
});
