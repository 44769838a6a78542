import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './harness.ts';

const text = readFileSync(new URL('../../../docs/drills.md', import.meta.url), 'utf8');
const section = text.split(/^## /m).find((each) => each.startsWith('Faults of the Batch executor')) ?? '';
const examples = [...section.matchAll(/^curl -X (\w+) "?\$executor\/_spotforge\/([^\s"]+)"?(?: -d '(.*)')?$/gm)].map(
  ([, method = '', path = '', body]) => ({ method, path, body: body === undefined ? undefined : JSON.parse(body) }),
);
const routeOf = ({ method, path }: { method: string; path: string }) => `${method} ${path.split('?')[0]}`;

let batch: Harness;

beforeAll(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.queue('spotforge-gpu-spot');
  await batch.definition('shell');
});
afterAll(() => batch.stop());

describe('docs/drills.md', () => {
  it('has a row and an example for every route of the executor, and for no other', async () => {
    const { message } = (await batch.control('nothing')).body;
    const routes = [...String(message).matchAll(/(GET|POST|DELETE) \/_spotforge\/([\w/-]+)/g)].slice(1);
    const known = routes.map(([, method, path]) => `${method} ${path}`).toSorted();
    expect(known.length).toBeGreaterThan(10);
    expect(examples.map(routeOf).toSorted()).toEqual(known);
    const rows = [...section.matchAll(/^\| `((?:GET|POST|DELETE) [^`?]+)/gm)].map(([, route]) => route);
    expect(rows.toSorted()).toEqual(known);
  });

  it.each(examples)('has an example that the executor takes: $method $path', async ({ method, path, body }) => {
    if (body?.jobName) await batch.logOf(await batch.submit('sleep 60 & echo up; wait', { jobName: body.jobName }), 'up');
    expect(await batch.control(path, body, method)).toMatchObject({ status: 200 });
    await batch.control('faults', undefined, 'DELETE');
  });
});
