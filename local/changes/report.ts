import type { LostQueue } from './lost-queues.ts';
import type { StackChanges } from './stack-changes.ts';
import type { Change } from './template-changes.ts';

/** Effects that somebody should look at before; the others are counted. */
const NOTABLE: readonly Change['effect'][] = ['replaced', 'maybe replaced', 'removed', 'orphaned'];
const count = (changes: readonly Change[], effect: Change['effect']): number =>
  changes.filter((change) => change.effect === effect).length;

/** The changes for a person, stack by stack, and what becomes of the jobs in queues that go. */
export const linesOf = (stacks: readonly StackChanges[], lost: readonly LostQueue[]): string[] => [
  ...stacks.flatMap(({ stack, deployed, changes }) => {
    if (!deployed) return [`${stack}: new, ${changes.length} resources`];
    const notable = changes.filter(({ effect }) => NOTABLE.includes(effect));
    const width = Math.max(0, ...notable.map(({ effect }) => effect.length));
    return [
      `${stack}: ${changes.length === 0 ? 'as it is' : `${count(changes, 'added')} added, ${count(changes, 'updated')} updated in place, ${notable.length} otherwise`}`,
      ...notable.map(({ effect, type, logicalId, because }) => `  ${effect.padEnd(width)}  ${type} ${logicalId}: ${because}`),
    ];
  }),
  ...lost.map(({ queue, jobs, executions }) =>
    jobs + executions > 0
      ? `STOP: queue ${queue} would be deleted. Jobs in it that would end: ${jobs}. Running experiments pinned to it that would fail: ${executions}. Rename or remove it in two steps, see docs/decisions/0012-a-queue-is-renamed-in-two-steps.md.`
      : `queue ${queue} would be deleted; it is empty and no running experiment is pinned to it. Failed and cancelled ones that are could not be resumed any more.`,
  ),
];
