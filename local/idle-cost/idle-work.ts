import { ACTIVE_STATUSES } from '../../functions/shared/table/experiment.ts';
import { TierFailure } from '../tier/tier-failure.ts';

/** What one invocation of a scheduled function does while nothing goes on. */
export type FunctionWork = {
  seconds: number;
  /** Read request units: a query that finds nothing costs half a one. */
  reads: number;
  sqsRequests: number;
};
/** What one execution of a scheduled state machine does. */
export type MachineWork = { transitions: number; instanceHours: number; invocations: number };

const EMPTY_QUERY = 0.5;
const NOTHING: FunctionWork = { seconds: 0, reads: 0, sqsRequests: 0 };

/** By the end of the function's name, which is its file below functions/. */
const FUNCTIONS: Record<string, FunctionWork> = {
  // Six queues in five states are listed at once; a query for each active status and one for instances given back find nothing.
  'supervise-experiments': { ...NOTHING, seconds: 1, reads: (ACTIVE_STATUSES.length + 1) * EMPTY_QUERY },
  // Waits a second for messages in two dead-letter queues at once.
  'redrive-events': { ...NOTHING, seconds: 1.5, sqsRequests: 2 },
};

const MACHINES: Record<string, MachineWork> = {
  // Three jobs of fifteen minutes, each on a host of its own, looked at every 30 s (three states a look), and twenty states around them.
  rehearsal: { transitions: 3 * 30 * 3 + 20, instanceHours: 3 * 0.25, invocations: 2 },
  // One job of six minutes, the start of its host included, looked at nineteen times (three states a look), and ten states around it.
  'spot-check': { transitions: 19 * 3 + 10, instanceHours: 0.1, invocations: 2 },
};

const ending = <Work>(work: Record<string, Work>, name: string): Work | undefined =>
  Object.entries(work).find(([known]) => name === known || name.endsWith(`-${known}`))?.[1];

/** @throws TierFailure naming a scheduled function whose idle work is not known: its cost would be missing from the bill */
export const workOfFunction = (name: string): FunctionWork => known('function', name, ending(FUNCTIONS, name));
/** @throws TierFailure naming a scheduled state machine whose work is not known */
export const workOfMachine = (name: string): MachineWork => known('state machine', name, ending(MACHINES, name));

const known = <Work>(kind: string, name: string, work: Work | undefined): Work => {
  if (work) return work;
  throw new TierFailure(
    `A schedule starts the ${kind} ${name}, whose idle work is not known. Add it to local/idle-cost/idle-work.ts.`,
  );
};
