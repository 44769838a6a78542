import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trackExecution } from '../../../functions/stages/track-execution.ts';
import { trackJob } from '../../../functions/stages/track-job.ts';
import { aResult } from './a-job.ts';
import { anEvent, anObserver, detailOf } from './an-observer.ts';

let given: Awaited<ReturnType<typeof anObserver>>;
beforeAll(async () => {
  given = await anObserver();
});
beforeEach(() => {
  given.stepFunctions.reset();
});

const current = { run: 1, stage: 'train', attempt: 1 } as const;
const reports = () => [
  ...given.stepFunctions.commandCalls(SendTaskSuccessCommand),
  ...given.stepFunctions.commandCalls(SendTaskFailureCommand),
];
const jobEvent = (at: Parameters<typeof detailOf>[0], changes: Parameters<typeof detailOf>[1]) =>
  anEvent('Batch Job State Change', detailOf(at, changes));

/** Each event twice, and all of them once more afterwards. */
const delivered = async <E>(events: readonly E[], receive: (event: E) => Promise<unknown>) => {
  for (const event of [...events.flatMap((event) => [event, event]), ...events]) await receive(event);
};

describe('events that come twice, and late once more', () => {
  it.each([
    ['succeeded', { status: 'SUCCEEDED', exitCode: 0 }, 'stage.succeeded'],
    ['failed', { status: 'FAILED', exitCode: 64 }, 'stage.failed'],
  ] as const)('tell of a job that %s once', async (_how, ending, last) => {
    const { id } = await given.store();
    const at = { experimentId: id, ...current };
    if (ending.exitCode === 0) await given.put(at, 'result', aResult(at).document);
    const createdAt = Date.now(); // nobody waits for long here
    const events = [
      jobEvent(at, { status: 'RUNNABLE', createdAt, startedAt: null }),
      jobEvent(at, { status: 'RUNNING', createdAt, startedAt: createdAt }),
      jobEvent(at, { ...ending, createdAt, startedAt: createdAt, stoppedAt: createdAt }),
    ];
    await delivered(events, (event) => trackJob(event, given.observer));
    expect(reports()).toHaveLength(1);
    expect(await given.history(id)).toEqual(['stage.queued', 'stage.running', last]);
    expect(await given.stored(id)).toMatchObject({ status: 'running', current });
  });

  it('tell of an execution once', async () => {
    const { id, revision } = await given.store({ status: 'queued' });
    const events = ['RUNNING', 'SUCCEEDED'].map((status) =>
      anEvent('Step Functions Execution Status Change', { name: `${id}-r1`, status }),
    );
    await delivered(events, (event) => trackExecution(event, given.observer));
    expect(await given.history(id)).toEqual(['experiment.running', 'experiment.succeeded']);
    expect(await given.stored(id)).toMatchObject({ status: 'succeeded', revision: revision + 2 });
  });
});
