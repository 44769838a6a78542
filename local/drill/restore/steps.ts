import type { Ticker } from '../../tier/ticker.ts';

/** A row of `.spotforge/drill-restore.json`. */
export type Step = {
  step: string;
  pass: boolean;
  /** What was found, or why it did not pass. */
  found: string;
  /** What the local AWS lacks for this step, and what was done instead; null where it did what AWS does. */
  filled: string | null;
  seconds: number;
};

type Body = () => Promise<string>;

/** Steps in order, each with its time. The first that does not pass ends the drill, because the next ones build on it. */
export class Steps {
  readonly done: Step[] = [];
  readonly #ticker: Ticker;

  constructor(ticker: Ticker) {
    this.#ticker = ticker;
  }

  get passed(): boolean {
    return this.done.every(({ pass }) => pass);
  }

  /** Runs a step; `body` answers what it found. `filled`: see Step. */
  async step(step: string, body: Body, filled: string | null = null): Promise<void> {
    if (!this.passed) return;
    this.#ticker.doing(step);
    const startedAt = performance.now();
    const keep = (pass: boolean, found: string): void => {
      const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
      this.done.push({ step, pass, found, filled, seconds });
      this.#ticker.says(`${pass ? 'pass' : 'FAIL'}  ${step}: ${found} (${seconds} s)`);
      if (filled !== null) this.#ticker.says(`      filled in on the local tier: ${filled}`);
    };
    try {
      keep(true, await body());
    } catch (error) {
      keep(false, error instanceof Error ? error.message : String(error));
    }
  }
}

/** What does not hold is a failed step, with this sentence. */
export const must = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise);
};
