import type { JobStatus } from './wire/jobs.ts';

/** `*` in a pattern stands for any text. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

interface JobRule {
  jobNamePattern: string;
  /** How often it still applies. */
  count: number;
}

interface EventRule extends JobRule {
  /** Empty: every status. */
  statuses: JobStatus[];
}

/** What can be asked for ahead of time; each kind lies under the route that plants it. */
interface RuleKinds {
  'events/drop': EventRule;
  'events/double': EventRule;
  'events/delay': EventRule & { seconds: number };
  'events/reorder': JobRule;
  'jobs/cannot-start': JobRule & { reason?: string | undefined };
  'jobs/overlay': JobRule & { pythonPath: string; environment: Record<string, string> };
  'jobs/time-out': JobRule & { seconds: number };
}
export type RuleKind = keyof RuleKinds;
type RuleLists = { [Kind in RuleKind]: RuleKinds[Kind][] };
export type Overlay = Pick<RuleKinds['jobs/overlay'], 'pythonPath' | 'environment'>;

/** One batch of events that are held back to go out newest first; the object itself is its identity. */
export type Reordering = JobRule;

const noRules = (): RuleLists => ({
  'events/drop': [],
  'events/double': [],
  'events/delay': [],
  'events/reorder': [],
  'jobs/cannot-start': [],
  'jobs/overlay': [],
  'jobs/time-out': [],
});

type ChangedJob = { jobName: string; status: JobStatus };

/**
 * What a test asked to go wrong. Each part of the executor asks here before it acts: one question a fault, so that another kind
 * of fault is another rule list and another question. A rule that says yes counts itself down and is gone when used up.
 */
export class Faults {
  readonly #rules = noRules();
  readonly #queuesWithoutCapacity = new Set<string>();

  plant<Kind extends RuleKind>(kind: Kind, rule: RuleKinds[Kind]): void {
    this.#rules[kind].push({ ...rule });
  }

  setCapacity(queueArn: string, available: boolean): void {
    if (available) this.#queuesWithoutCapacity.delete(queueArn);
    else this.#queuesWithoutCapacity.add(queueArn);
  }

  dropsEventOf(job: ChangedJob): boolean {
    return this.#useForEvent('events/drop', job) !== undefined;
  }

  doublesEventOf(job: ChangedJob): boolean {
    return this.#useForEvent('events/double', job) !== undefined;
  }

  /** Seconds on the executor's clock by which the event is late; 0 when it is not. */
  delayOfEventOf(job: ChangedJob): number {
    return this.#useForEvent('events/delay', job)?.seconds ?? 0;
  }

  /** The batch that holds this event back; its `count` says how many more are to come. */
  reorderingOfEventOf(job: ChangedJob): Reordering | undefined {
    return this.#use('events/reorder', job.jobName);
  }

  /** No more events are held back by it, however many it still wanted. */
  endReordering(reordering: Reordering): void {
    reordering.count = 0;
    this.#forgetUsedUp('events/reorder');
  }

  startFailureOf(jobName: string): { reason?: string | undefined } | undefined {
    return this.#use('jobs/cannot-start', jobName);
  }

  overlayOf(jobName: string): Overlay | undefined {
    return this.#use('jobs/overlay', jobName);
  }

  /** The attempt duration in seconds that stands in for the job's own. */
  timeOutOf(jobName: string): number | undefined {
    return this.#use('jobs/time-out', jobName)?.seconds;
  }

  lacksCapacity(queueArn: string): boolean {
    return this.#queuesWithoutCapacity.has(queueArn);
  }

  /** What is not used up yet. */
  list(): { faults: object[]; queuesWithoutCapacity: string[] } {
    const faults = Object.entries(this.#rules).flatMap(([fault, rules]) => rules.map((rule) => ({ fault, ...rule })));
    return { faults, queuesWithoutCapacity: [...this.#queuesWithoutCapacity] };
  }

  forgetAll(): void {
    Object.assign(this.#rules, noRules());
    this.#queuesWithoutCapacity.clear();
  }

  #useForEvent<Kind extends 'events/drop' | 'events/double' | 'events/delay'>(kind: Kind, { jobName, status }: ChangedJob) {
    return this.#use(kind, jobName, ({ statuses }) => statuses.length === 0 || statuses.includes(status));
  }

  /** The first rule that applies, one use of it spent. */
  #use<Kind extends RuleKind>(
    kind: Kind,
    jobName: string,
    applies: (rule: RuleKinds[Kind]) => boolean = () => true,
  ): RuleKinds[Kind] | undefined {
    const rule = this.#rules[kind].find((each) => matchesPattern(each.jobNamePattern, jobName) && applies(each));
    if (!rule) return undefined;
    rule.count -= 1;
    this.#forgetUsedUp(kind);
    return rule;
  }

  #forgetUsedUp(kind: RuleKind): void {
    const rules: JobRule[] = this.#rules[kind];
    for (let index = rules.length - 1; index >= 0; index -= 1) if (rules[index]?.count === 0) rules.splice(index, 1);
  }
}
