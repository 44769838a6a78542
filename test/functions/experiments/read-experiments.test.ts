import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { experimentReader } from '../../../functions/experiments/experiment-reader.ts';
import { getExperiment } from '../../../functions/experiments/get-experiment.ts';
import { listEvents } from '../../../functions/experiments/list-events.ts';
import { listExperiments } from '../../../functions/experiments/list-experiments.ts';
import { experimentEventPage, experimentPage, experimentView } from '../../../functions/shared/contracts/experiment-view.ts';
import type { StageProgress } from '../../../functions/shared/contracts/stage-documents.ts';
import type { HttpAnswer, HttpEvent } from '../../../functions/shared/handlers.ts';
import { problemOf } from '../../../functions/shared/problem.ts';
import { attemptEntity } from '../../../functions/shared/table/attempt.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import { type ExperimentItem, experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { progressEntity, progressOrder } from '../../../functions/shared/table/progress.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { anExperiment, anId } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
let services: { reader: ReturnType<typeof experimentReader>; claims: typeof CLAIMS };
beforeAll(async () => {
  aws = await localAws();
  services = { reader: experimentReader(aws.table), claims: CLAIMS };
});

const stored = async (changes: Partial<ExperimentItem> = {}) => {
  const experiment = anExperiment(changes);
  await experimentEntity(aws.table).create(experiment).go();
  return experiment;
};
/** Body of the answer, or the problem document. */
const answerOf = async (handle: (event: HttpEvent, s: typeof services) => Promise<HttpAnswer>, event: HttpEvent) => {
  try {
    return await handle(event, services);
  } catch (error) {
    const { problem } = problemOf(error, 'request-1');
    return { status: problem.status, body: problem };
  }
};

describe('GET /v1/experiments/{id}', () => {
  it('shows the experiment with its attempts, oldest first, and its newest progress', async () => {
    const { id } = await stored({ status: 'running', stage: 'train' });
    const attempt = { experimentId: id, jobId: 'job', queue: 'cpu-spot', status: 'RUNNING' as const };
    const attempts = attemptEntity(aws.table);
    for (const [run, stageIndex, number, stage] of [
      [1, 2, 10, 'train'],
      [1, 2, 9, 'train'],
      [1, 0, 1, 'ingest'],
      [2, 0, 1, 'ingest'],
    ] as const) {
      await attempts.create({ ...attempt, run, stageIndex, attempt: number, stage }).go();
    }
    const progress: StageProgress = {
      ...{ schemaVersion: 1, experimentId: id, run: 1, stage: 'train', attempt: 10, sequence: 4, at: '2026-11-22T06:30:00.000Z' },
      ...{ fraction: 0.5, step: 50, totalSteps: 100, message: 'training', metrics: { loss: 0.4 } },
    };
    await progressEntity(aws.table)
      .put({ experimentId: id, order: progressOrder(progress), progress, movedAt: progress.at })
      .go();

    const { status, body } = await answerOf(getExperiment, aRequest({ id }));

    expect(status).toBe(200);
    const view = experimentView.parse(body);
    expect(view.attempts.map(({ run, stage, attempt }) => `${run} ${stage} ${attempt}`)).toEqual([
      '1 ingest 1',
      '1 train 9',
      '1 train 10',
      '2 ingest 1',
    ]);
    expect(view.progress).toEqual(progress);
  });

  it('answers a foreign, a missing and a malformed id with the very same 404', async () => {
    const foreign = await stored({ tenant: 'globex' });
    const bodies = [];
    for (const handle of [getExperiment, listEvents]) {
      for (const id of [foreign.id, anId(), 'exp_x', '', 'experiment#', undefined]) {
        const event = aRequest(id === undefined ? {} : { id });
        bodies.push(await answerOf(handle, event));
      }
    }
    expect(bodies[0]).toMatchObject({ status: 404, body: { title: 'Experiment not found' } });
    for (const body of bodies) expect(body).toEqual(bodies[0]);
  });
});

describe('GET /v1/experiments', () => {
  const list = async (tenant: string, query: Record<string, string> = {}) => {
    const { status, body } = await answerOf(listExperiments, aRequest({ tenant, query }));
    expect(status).toBe(200);
    return experimentPage.parse(body);
  };
  const minute = (i: number) => `2026-11-22T06:${String(i).padStart(2, '0')}:00.000Z`;

  it('lists newest first, page after page, each experiment once, also those of one millisecond', async () => {
    const tenant = 'pages';
    for (let i = 0; i < 7; i++) await stored({ tenant, createdAt: minute(Math.floor(i / 2)) });
    const seen: { id: string; createdAt: string }[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(tenant, { limit: '3', ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.items);
      cursor = page.next;
      pages++;
    } while (cursor !== null);
    expect(pages).toBe(3);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(7);
    expect(seen.map(({ createdAt }) => createdAt)).toEqual(
      seen
        .map(({ createdAt }) => createdAt)
        .sort()
        .reverse(),
    );
  });

  it('has no next page when the last one is exactly full', async () => {
    const tenant = 'exact';
    for (let i = 0; i < 2; i++) await stored({ tenant, createdAt: minute(i) });
    expect((await list(tenant, { limit: '2' })).next).toBeNull();
  });

  it('filters by status, over pages too', async () => {
    const tenant = 'filtered';
    for (const [i, status] of (['failed', 'running', 'failed', 'failed'] as const).entries()) {
      await stored({ tenant, status, createdAt: minute(i) });
    }
    const first = await list(tenant, { status: 'failed', limit: '2' });
    const second = await list(tenant, { status: 'failed', limit: '2', cursor: first.next ?? '' });
    expect([first.items, second.items].map((items) => items.map(({ createdAt }) => createdAt))).toEqual([
      [minute(3), minute(2)],
      [minute(0)],
    ]);
    expect((await list(tenant, { status: 'cancelled' })).items).toEqual([]);
  });

  it.each([{ status: 'done' }, { limit: '0' }, { cursor: 'nonsense' }, { tenant: 'globex' }])(
    'refuses %o and names it',
    async (query) => {
      const { status, body } = await answerOf(listExperiments, aRequest({ query: query as Record<string, string> }));
      expect(status).toBe(422);
      expect(body).toMatchObject({ errors: [{ field: Object.keys(query)[0] }] });
    },
  );

  it("never shows a tenant another's experiments, by whatever list, id or cursor", async () => {
    const tenants = ['alpha', 'beta', 'gamma'] as const;
    const ids = new Map<string, string[]>();
    for (const tenant of tenants) {
      for (let i = 0; i < 4; i++) {
        const { id } = await stored({ tenant, createdAt: minute(i), status: i % 2 === 0 ? 'running' : 'failed' });
        ids.set(tenant, [...(ids.get(tenant) ?? []), id]);
      }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...tenants),
        fc.constantFrom(...tenants),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(undefined, 'running', 'failed'),
        async (asker, other, limit, status) => {
          const filter = status === undefined ? {} : { status };
          const { next } = await list(other, { limit: String(limit), ...filter });
          const { items } = await list(asker, { ...filter, ...(next === null ? {} : { cursor: next }) });
          expect(items.every(({ id }) => ids.get(asker)?.includes(id))).toBe(true);
          const id = ids.get(other)?.[limit] ?? '';
          const { status: code } = await answerOf(getExperiment, aRequest({ tenant: asker, id }));
          expect(code).toBe(asker === other ? 200 : 404);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('GET /v1/experiments/{id}/events', () => {
  it('lists the history oldest first, page after page, and nothing else of the experiment', async () => {
    const { id } = await stored();
    const events = eventEntity(aws.table);
    const at = (i: number) => `2026-11-22T06:00:0${Math.floor(i / 2)}.000Z`;
    for (let i = 0; i < 5; i++) {
      const event = { experimentId: id, id: `00000${i}-0`, at: at(i), type: `stage.${i}`, run: 1, message: 'x' };
      await events.create(i === 4 ? { ...event, stage: 'train', attempt: 2 } : event).go();
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor === null ? {} : { cursor }) };
      const page = experimentEventPage.parse((await answerOf(listEvents, aRequest({ id, query }))).body);
      seen.push(...page.items.map(({ type, stage, attempt }) => `${type} ${stage} ${attempt}`));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual(['stage.0 null null', 'stage.1 null null', 'stage.2 null null', 'stage.3 null null', 'stage.4 train 2']);
  });
});
