import { describe, expect, it } from 'vitest';
import { type MadeQueue, type QueueLock, queueLockProblems } from '../../../lib/config/queue-lock.ts';

const OLD = '{name}-cpu-spot';
const NEW = '{name}-cpu-cheap';
const inUse = (logicalId: string) => ({ logicalId, state: 'in use' as const });
const draining = (logicalId: string) => ({ logicalId, state: 'draining' as const });
const made = (name: MadeQueue['name'], logicalId: string, profiles: string[] = []): MadeQueue => ({ name, logicalId, profiles });

const TWO_STEPS =
  /is in use and .+ Batch would end every job in it\. Do it in two steps\. First keep it, add the new queue beside it.+"draining".+`npm run changes`/;

describe('the lock of the queues', () => {
  it('has nothing against queues that are as they were', () => {
    expect(queueLockProblems({ [OLD]: inUse('A') }, [made(OLD, 'A', ['default'])])).toEqual([]);
  });

  it('refuses another name in one step and tells the two', () => {
    const [problem, ...more] = queueLockProblems({ [OLD]: inUse('A') }, [made(NEW, 'A', ['default'])]);
    expect(problem).toMatch(TWO_STEPS);
    expect(problem).toContain(`${OLD} is in use and is renamed to ${NEW}`);
    expect(more).toEqual([expect.stringContaining(`queue ${NEW} is not in lib/config/queue-lock.json`)]);
  });

  it('refuses it when the new name is in the lock beside the old one, too', () => {
    const lock: QueueLock = { [OLD]: inUse('A'), [NEW]: inUse('B') };
    expect(queueLockProblems(lock, [made(NEW, 'B', ['default'])])).toEqual([expect.stringMatching(TWO_STEPS)]);
  });

  it('refuses another logical id under the same name, which two steps would not help', () => {
    const [problem] = queueLockProblems({ [OLD]: inUse('A') }, [made(OLD, 'B')]);
    expect(problem).toMatch(/another logical id \(B instead of A\).+Give its construct the old id/);
  });

  it('takes the first step: the new queue beside the old one, which nobody sends experiments to', () => {
    const lock: QueueLock = { [OLD]: draining('A'), [NEW]: inUse('B') };
    expect(queueLockProblems(lock, [made(OLD, 'A'), made(NEW, 'B', ['default'])])).toEqual([]);
    expect(queueLockProblems(lock, [made(OLD, 'A', ['default', 'on-demand']), made(NEW, 'B')])).toEqual([
      `queue ${OLD} is draining (lib/config/queue-lock.json), but profiles default, on-demand still send experiments to it: let them name another.`,
    ]);
  });

  it('takes the second step, and wants the lock to know that the queue is gone', () => {
    expect(queueLockProblems({ [NEW]: inUse('B') }, [made(NEW, 'B', ['default'])])).toEqual([]);
    expect(queueLockProblems({ [OLD]: draining('A'), [NEW]: inUse('B') }, [made(NEW, 'B')])).toEqual([
      expect.stringContaining(`queue ${OLD} has drained and is gone: take it out`),
    ]);
  });

  it('lets a switch be turned off, but no queue of a switch be renamed', () => {
    const lock: QueueLock = { [OLD]: { ...inUse('A'), onlyWith: 'benchmarkOnGraviton' } };
    expect(queueLockProblems(lock, [])).toEqual([]);
    expect(queueLockProblems(lock, [made(NEW, 'A')])[0]).toMatch(TWO_STEPS);
  });

  it('does not let a queue be added that it does not know', () => {
    expect(queueLockProblems({}, [made(NEW, 'B')])).toEqual([
      expect.stringContaining(`add "${NEW}": { "logicalId": "B", "state": "in use" }`),
    ]);
  });
});
