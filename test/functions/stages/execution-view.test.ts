import { describe, expect, it } from 'vitest';
import { type ExecutionView, viewOfExecution } from '../../../functions/stages/execution-view.ts';
import { NO_PROGRESS, reconcile } from '../../../functions/stages/reconcile.ts';
import { anExperiment } from '../an-experiment.ts';
import { LIMITS, NOW } from './a-job.ts';
import { executionEvent, executionEvents } from './batch-failure.ts';

/** What each event leads to for an experiment that runs, with nothing alive and nothing recorded. */
const LEADS_TO: Record<string, string[]> = {
  started: [],
  succeeded: ['Close succeeded'],
  failed: ['Close failed States.Runtime'],
  'failed-with-error': ['Close failed Stage.InvalidInput'],
  'timed-out': ['Close failed Stage.TimedOut'],
  aborted: ['BeginCancelling', 'Close cancelled'],
  'pending-redrive': [],
};

const decide = (execution: ExecutionView): string[] =>
  reconcile(
    { experiment: anExperiment({ status: 'running', updatedAt: NOW.toISOString() }), attempts: [] },
    { jobs: [], complete: true },
    execution,
    NO_PROGRESS,
    NOW,
    LIMITS,
  ).map((action) => {
    if (action.type !== 'Close') return action.type;
    return [action.type, action.status, 'failure' in action ? action.failure.error : ''].join(' ').trim();
  });

describe('an execution event', () => {
  it('is known for every fixture', () => {
    expect(executionEvents().sort()).toEqual(Object.keys(LEADS_TO).sort());
  });

  it.each(Object.entries(LEADS_TO))('%s leads to %j', (name, actions) => {
    const { source, provenance, event } = executionEvent(name);
    if (provenance === 'documented') expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
    expect(decide(viewOfExecution(event.detail))).toEqual(actions);
  });

  it('of a failure carries the message of its cause', () => {
    const view = viewOfExecution(executionEvent('failed-with-error').event.detail);
    expect(view).toMatchObject({ status: 'FAILED', error: 'Stage.InvalidInput', cause: expect.stringContaining('Row 7') });
  });

  it('with a status that nobody knows tells nothing', () => {
    expect(viewOfExecution({ status: 'PAUSED' })).toEqual({ state: 'unknown' });
  });
});
