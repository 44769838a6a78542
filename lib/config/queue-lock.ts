import * as z from 'zod';
import lockFile from './queue-lock.json' with { type: 'json' };

/**
 * The job queues that deployments of this code have, by physical name: committed, because a synth knows only what is to be, not what is.
 * CloudFormation deletes a queue whose name or logical id changes, and Batch ends every job in a queue that is deleted; so a queue goes in two
 * steps, and `draining` is the first. See docs/decisions/0012-a-queue-is-renamed-in-two-steps.md.
 */
const queueLock = z.record(
  z.templateLiteral(['{name}-', z.string()]),
  z.strictObject({
    logicalId: z.string(),
    state: z.enum(['in use', 'draining']),
    /** The switch without which there is no such queue. Turning it off takes the queue away at once: the owner's own decision. */
    onlyWith: z.string().optional(),
  }),
);
export type QueueLock = z.infer<typeof queueLock>;
export const QUEUE_LOCK: QueueLock = queueLock.parse(lockFile);

/** A queue of the app: `profiles` are those that send new experiments to it. */
export type MadeQueue = { name: `{name}-${string}`; logicalId: string; profiles: readonly string[] };

const FILE = 'lib/config/queue-lock.json';

/** What the app would do to queues that have jobs in them; empty when nothing. */
export const queueLockProblems = (lock: QueueLock, made: readonly MadeQueue[]): string[] => [
  ...Object.entries(lock).flatMap(([name, { logicalId, state, onlyWith }]) => {
    const kept = made.find((queue) => queue.name === name && queue.logicalId === logicalId);
    if (kept) return state === 'draining' ? drainingProblems(kept) : [];
    if (onlyWith !== undefined && !made.some((queue) => queue.name === name || queue.logicalId === logicalId)) return [];
    return [
      state === 'in use'
        ? oneStepProblem(name, logicalId, made)
        : `queue ${name} has drained and is gone: take it out of ${FILE}, too.`,
    ];
  }),
  ...made
    .filter(({ name }) => lock[name] === undefined)
    .map(
      ({ name, logicalId }) =>
        `queue ${name} is not in ${FILE}, so nobody would notice its removal: add "${name}": { "logicalId": "${logicalId}", "state": "in use" }.`,
    ),
];

const drainingProblems = ({ name, profiles }: MadeQueue): string[] =>
  profiles.length === 0
    ? []
    : [
        `queue ${name} is draining (${FILE}), but profiles ${profiles.join(', ')} still send experiments to it: let them name another.`,
      ];

const oneStepProblem = (name: string, logicalId: string, made: readonly MadeQueue[]): string => {
  const moved = made.find((queue) => queue.name === name);
  if (moved)
    return `queue ${name} is in use and gets another logical id (${moved.logicalId} instead of ${logicalId}): CloudFormation would replace it, and Batch would end every job in it. Give its construct the old id and the old parents back.`;
  const renamed = made.find((queue) => queue.logicalId === logicalId);
  return `queue ${name} is in use and ${renamed ? `is renamed to ${renamed.name}` : 'is gone'}: CloudFormation would delete it, and Batch would end every job in it. Do it in two steps. First keep it, add the new queue beside it (lib/config/queues.ts and ${FILE}), let profiles name only the new one, set the old one to "draining" in ${FILE}, and deploy. When \`npm run changes\` says that no job and no experiment needs it any more, take it out of both files and deploy again.`;
};
