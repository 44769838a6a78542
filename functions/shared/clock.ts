/** Tells the time; tests inject their own. */
export type Clock = { now: () => Date };

export const systemClock: Clock = { now: () => new Date() };

/** UTC with milliseconds, as every document writes it. */
export const instantOf = (date: Date): string => date.toISOString();
