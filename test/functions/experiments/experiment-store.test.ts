import { beforeAll, describe, expect, it } from 'vitest';
import { experimentStore } from '../../../functions/experiments/experiment-store.ts';
import { eventEntity } from '../../../functions/shared/table/event.ts';
import type { ExperimentItem } from '../../../functions/shared/table/experiment.ts';
import { experimentEntity } from '../../../functions/shared/table/experiment.ts';
import { anExperiment } from '../an-experiment.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

const clock = { now: () => new Date('2026-11-22T07:00:00.000Z') };
const stored = async (changes: Partial<ExperimentItem> = {}) => {
  const experiment = anExperiment(changes);
  await experimentEntity(aws.table).create(experiment).go();
  return experiment;
};
const history = async (experimentId: string) => (await eventEntity(aws.table).query.ofExperiment({ experimentId }).go()).data;

describe('the experiment store', () => {
  it('writes a legal transition with its values and its history, and bumps the revision', async () => {
    const experiment = await stored();
    const store = experimentStore(aws.table, clock);

    await store.transition(experiment, 'running', {
      patch: { stage: 'ingest', startedAt: '2026-11-22T06:59:59.000Z' },
      events: [
        { type: 'experiment.running', message: 'The execution started.' },
        { type: 'stage.running', stage: 'ingest', attempt: 1, message: 'Ingest started.' },
      ],
    });

    expect(await store.get(experiment.id)).toEqual({
      ...experiment,
      status: 'running',
      stage: 'ingest',
      startedAt: '2026-11-22T06:59:59.000Z',
      updatedAt: '2026-11-22T07:00:00.000Z',
      revision: 2,
    });
    expect(await history(experiment.id)).toMatchObject([
      { id: '000002-0', type: 'experiment.running', run: 1, at: '2026-11-22T07:00:00.000Z' },
      { id: '000002-1', type: 'stage.running', stage: 'ingest', attempt: 1 },
    ]);
  });
});
