interface Place {
  jobId: string;
  /** Since when the job has had this place. */
  since: number;
}

/** Front of a queue as the scheduler last saw it. */
export interface Front {
  places: Place[];
  updatedAt: number;
}

/** Who stands where in each queue, and since when. Times are epoch milliseconds. */
export class QueuePositions {
  readonly #fronts = new Map<string, Front>();

  update(queueArn: string, jobIds: readonly string[], now: number): void {
    const before = this.of(queueArn).places;
    const places = jobIds.map((jobId, index) => {
      const had = before[index];
      return had?.jobId === jobId ? had : { jobId, since: now };
    });
    this.#fronts.set(queueArn, { places, updatedAt: now });
  }

  of(queueArn: string): Front {
    return this.#fronts.get(queueArn) ?? { places: [], updatedAt: Date.now() };
  }
}
