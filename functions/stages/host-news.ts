/** An instance as ECS shows it. `unknown`: ECS did not answer for it. */
export type InstanceView = { state: 'unknown' } | { state: 'absent' } | { state: 'seen'; status: string; runningTasks: number };

/** A job of ours that runs on the instance now. */
export type Tenancy = { experimentId: string; tenant: string | undefined };

export type HostNews = { state: 'left' | 'reused'; message: string };

const minutes = (from: string, now: Date): string => {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(from)) / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
};

/**
 * What became of an instance since an attempt gave it back; undefined while it stands idle, or nothing is known. Only the tenant's own
 * experiments are named.
 */
export const hostNews = (
  host: { containerInstanceArn: string; freeSince: string; experimentId: string },
  tenant: string,
  instance: InstanceView,
  runsOnIt: Tenancy | undefined,
  now: Date,
): HostNews | undefined => {
  if (instance.state === 'unknown') return undefined;
  const id = host.containerInstanceArn.slice(host.containerInstanceArn.lastIndexOf('/') + 1);
  const after = `${minutes(host.freeSince, now)} after the job`;
  // An instance that is gone is INACTIVE for a while and then unknown to ECS.
  if (instance.state === 'absent' || instance.status === 'INACTIVE')
    return { state: 'left', message: `The training instance ${id} has left, seen ${after}.` };
  if (instance.runningTasks === 0) return undefined;
  return {
    state: 'reused',
    message: `The training instance ${id} was taken over by ${whose(host, tenant, runsOnIt)}, seen ${after}.`,
  };
};

const whose = (host: { experimentId: string }, tenant: string, by: Tenancy | undefined): string => {
  if (by === undefined || by.tenant !== tenant) return 'another job';
  return by.experimentId === host.experimentId ? 'a later job of this experiment' : `experiment ${by.experimentId}`;
};
