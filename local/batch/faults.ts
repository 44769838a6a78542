import type { JobStatus } from './wire/jobs.ts';

/** `*` in a pattern stands for any text. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

export interface DropRule {
  jobNamePattern: string;
  /** Empty: every status. */
  statuses: JobStatus[];
  count: number;
}

/**
 * What a test asked to go wrong. Each part of the executor asks here before it acts: one question a fault, so that another kind
 * of fault is another rule list and another question.
 */
export class Faults {
  readonly #drops: DropRule[] = [];

  dropEvents(rule: DropRule): void {
    this.#drops.push({ ...rule });
  }

  /** Asked once for each event; each yes uses up one of its rule's count. */
  dropsEventOf(job: { jobName: string; status: JobStatus }): boolean {
    const rule = this.#drops.find(
      ({ jobNamePattern, statuses, count }) =>
        count > 0 && matchesPattern(jobNamePattern, job.jobName) && (statuses.length === 0 || statuses.includes(job.status)),
    );
    if (!rule) return false;
    rule.count -= 1;
    return true;
  }
}
