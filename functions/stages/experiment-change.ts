import type { ExperimentChange, NewEvent } from '../experiments/experiment-store.ts';
import { isFinal } from '../shared/contracts/experiment-view.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';
import type { Action, ActionOf } from './actions.ts';
import { compareAttempts } from './attempt-order.ts';

type Step = {
  status?: NonNullable<ExperimentChange['status']>;
  patch?: NonNullable<ExperimentChange['patch']>;
  events?: NewEvent[];
};
type Now = string;

const runOf = (action: Action): number | undefined => {
  if ('run' in action) return action.run;
  return 'at' in action ? action.at.run : undefined;
};

const told = (
  type: string,
  { at }: { at: { stage: NonNullable<NewEvent['stage']>; attempt: number } },
  message: string,
): NewEvent => ({
  type,
  stage: at.stage,
  attempt: at.attempt,
  message,
});

const keepFailure = (experiment: ExperimentItem, action: ActionOf<'KeepFailure'>): Step | undefined => {
  const { at, decision } = action;
  const { error, message, where, remedy, diagnostics } = decision;
  const said = `${error}: ${message}`;
  if (decision.action === 'end') return { events: [told('stage.cancelled', action, said)] };
  if (decision.action === 'again') {
    const again = decision.delaySeconds > 0 ? `Trying again in ${decision.delaySeconds} s.` : 'Trying again.';
    return { events: [told('stage.failed', action, [said, ...diagnostics.map((uri) => `See ${uri}.`), again].join(' '))] };
  }
  const { failure } = experiment;
  if (failure?.stage === at.stage && failure.attempt === at.attempt && failure.error === error) return undefined;
  return {
    patch: { failure: { error, stage: at.stage, attempt: at.attempt, message, where, remedy, diagnostics } },
    events: [told(decision.action === 'reject' ? 'stage.rejected' : 'stage.failed', action, said)],
  };
};

const close = (experiment: ExperimentItem, action: ActionOf<'Close'>, now: Now): Step | undefined => {
  const legal = action.status === 'cancelled' ? experiment.status === 'cancelling' : experiment.status === 'running';
  if (!legal) return undefined;
  const waiting = experiment.waiting ? { waiting: null } : {};
  const events = (message: string): NewEvent[] => [{ type: `experiment.${action.status}`, message }];
  if (action.status === 'succeeded')
    return {
      status: action.status,
      patch: { endedAt: now, ...waiting, ...(action.bundle ? { bundle: action.bundle } : {}) },
      events: events(action.bundle ? `Released ${action.bundle.uri}.` : 'The experiment succeeded.'),
    };
  if (action.status === 'cancelled')
    return {
      status: action.status,
      patch: { endedAt: now, ...waiting },
      events: events('Nothing of the experiment is alive any more.'),
    };
  return {
    status: action.status,
    patch: { endedAt: now, ...waiting, failure: action.failure },
    events: events(`${action.failure.error}: ${action.failure.message}`),
  };
};

/** What one action means for the experiment as it is now; undefined when it is already done or no longer applies. */
const stepOf = (experiment: ExperimentItem, action: Action, now: Now): Step | undefined => {
  switch (action.type) {
    case 'BeginRunning':
      return experiment.status === 'queued'
        ? {
            status: 'running',
            patch: { startedAt: now },
            events: [{ type: 'experiment.running', message: 'The pipeline has started.' }],
          }
        : undefined;
    case 'BeginCancelling':
      return experiment.status === 'queued' || experiment.status === 'running'
        ? { status: 'cancelling', events: [{ type: 'experiment.cancelling', message: action.message }] }
        : undefined;
    case 'EnterAttempt': {
      const { run, stage, attempt } = action.at;
      if (experiment.current && compareAttempts(experiment.current, action.at) >= 0) return undefined;
      return {
        patch: { stage, current: { run, stage, attempt } },
        events: [told('stage.queued', action, `Attempt ${attempt} is in ${action.queue}.`)],
      };
    }
    case 'NoteStarted':
      return { events: [told('stage.running', action, `Attempt ${action.at.attempt} is running.`)] };
    case 'KeepResult': {
      const { stage } = action.at;
      if (experiment.inputs?.[stage] === action.manifest) return undefined;
      return {
        patch: {
          stages: { ...experiment.stages, [stage]: action.summary },
          inputs: { ...experiment.inputs, [stage]: action.manifest },
        },
        events: [told('stage.succeeded', action, `Attempt ${action.at.attempt} succeeded.`)],
      };
    }
    case 'KeepFailure':
      return keepFailure(experiment, action);
    case 'StartWaiting':
      return experiment.waiting?.reason === action.reason
        ? undefined
        : {
            patch: { waiting: { reason: action.reason, since: action.since } },
            events: [told('stage.waiting', action, action.reason)],
          };
    case 'StopWaiting':
      return experiment.waiting ? { patch: { waiting: null } } : undefined;
    case 'Close':
      return close(experiment, action, now);
    default:
      return undefined;
  }
};

/** All of these actions as one conditional write; undefined when nothing of them is left to do. At most one of them sets the status. */
export const experimentChange = (
  experiment: ExperimentItem,
  actions: readonly Action[],
  now: Now,
): ExperimentChange | undefined => {
  if (isFinal(experiment.status)) return undefined;
  const steps = actions
    .filter((action) => runOf(action) === experiment.run)
    .flatMap((action) => stepOf(experiment, action, now) ?? []);
  if (steps.length === 0) return undefined;
  const status = steps.find((step) => step.status)?.status;
  return {
    ...(status ? { status } : {}),
    patch: Object.assign({}, ...steps.map(({ patch }) => patch)),
    events: steps.flatMap(({ events }) => events ?? []),
  };
};
