import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Harness } from './harness.ts';

let batch: Harness;

beforeAll(async () => {
  batch = await Harness.start();
  await batch.queue('cpu');
  await batch.definition('shell', {
    environment: [
      { name: 'COLOUR', value: 'red' },
      { name: 'SIZE', value: 'one' },
    ],
  });
});
afterAll(() => batch.stop());

describe('the life of a job', () => {
  it('runs the command and ends SUCCEEDED with the exit code and the documented reason', async () => {
    const job = await batch.ended(await batch.submit('echo hello'));
    expect(job).toMatchObject({
      status: 'SUCCEEDED',
      statusReason: 'Essential container in task exited',
      container: { exitCode: 0 },
    });
    expect(job.attempts).toHaveLength(1);
  });

  it('sends one event per state, in order and none for the submission', async () => {
    const id = await batch.submit('exit 0');
    await eventually(() => batch.aws.statusesOf(id).includes('SUCCEEDED'), 'the last event');
    expect(batch.aws.statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
  });
});
