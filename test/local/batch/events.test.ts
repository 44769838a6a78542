import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Harness } from './harness.ts';

let batch: Harness;

beforeAll(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.definition('shell');
});
afterAll(() => batch.stop());

describe('events', () => {
  it.each(['http', 'entry'] as const)('are repeated in order when the bus fails (%s)', async (failure) => {
    batch.aws.eventFailures.push(failure, failure);
    const id = await batch.submit('exit 0');
    await eventually(() => batch.aws.statusesOf(id).includes('SUCCEEDED'), 'the last event');
    expect(batch.aws.statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
    expect(batch.messages.some((message) => message.includes('not on the bus yet'))).toBe(true);
  });

  it('that the bus refuses do not hold up the job', async () => {
    batch.aws.eventFailures.push(...Array.from({ length: 5 }, () => 'http' as const));
    const id = await batch.submit('exit 0');
    await batch.ended(id);
    expect(batch.aws.statusesOf(id)).not.toContain('SUCCEEDED');
    await eventually(() => batch.aws.statusesOf(id).includes('SUCCEEDED'), 'the last event');
  });
});
