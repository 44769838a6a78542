/** A job that waits in a queue, in the order in which the queue starts them. */
export type WaitingJob = {
  jobId: string;
  vcpus: number;
  /** Why Batch cannot start it, as it says of the job at the head alone. */
  statusReason: string | null;
};

/** A queue as it stands at one moment, for those who wait in it. */
export type QueueView = {
  name: string;
  /** The first to start is the first of these; AWS tells of a hundred at most. */
  front: readonly WaitingJob[];
  /** Over all compute environments of the queue. */
  maxVcpus: number;
  /** Of every job that is on a host of these environments, in whichever queue it was. */
  usedVcpus: number;
  /** After which time Batch gives up a job at the head for lack of capacity; null when it never does. */
  limitSeconds: number | null;
  /** When a job of this queue last went to a host, in milliseconds since 1970; null: within memory, never. `unknown`: nobody asked. */
  lastStartAt: number | null | 'unknown';
};
