import type { FairsharePolicy } from '../wire/compute.ts';

/** vCPUs that a share held in a queue, from `startedAt` until `stoppedAt` (still held when undefined). */
export interface Usage {
  share: string;
  vcpus: number;
  startedAt: number;
  stoppedAt?: number | undefined;
}

/** Batch looks back at least this far, also when the policy says 0 seconds. */
const LEAST_DECAY_SECONDS = 600;

/** The weight factor of a share: its own entry, else the longest prefix entry (`team*`), else 1. A lower factor gets more. */
export function weightOf(policy: FairsharePolicy, share: string): number {
  const entries = policy.shareDistribution ?? [];
  const exact = entries.find((entry) => entry.shareIdentifier === share);
  const prefixed = entries
    .filter(({ shareIdentifier }) => shareIdentifier.endsWith('*') && share.startsWith(shareIdentifier.slice(0, -1)))
    .sort((a, b) => b.shareIdentifier.length - a.shareIdentifier.length);
  return (exact ?? prefixed[0])?.weightFactor ?? 1;
}

/**
 * How much a share has had: vCPUs held now plus the mean vCPUs of ended jobs over the decay window, times the weight factor. The
 * share with the least goes next.
 */
export function weightedUsage(policy: FairsharePolicy, share: string, usages: readonly Usage[], now: number): number {
  const windowMs = Math.max(policy.shareDecaySeconds ?? 0, LEAST_DECAY_SECONDS) * 1000;
  let vcpus = 0;
  for (const usage of usages) {
    if (usage.share !== share) continue;
    if (usage.stoppedAt === undefined) vcpus += usage.vcpus;
    else vcpus += (usage.vcpus * Math.max(0, usage.stoppedAt - Math.max(usage.startedAt, now - windowMs))) / windowMs;
  }
  return vcpus * weightOf(policy, share);
}
