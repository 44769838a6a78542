/** The longest wait Node's timers take; a longer one is begun anew when it ends. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

interface Waiting {
  dueAt: number;
  act: () => void;
  timer?: NodeJS.Timeout;
}

/**
 * The executor's own clock: `scale` of its seconds pass in one real second, so that a test need not wait for Batch's durations.
 * A change of the scale counts from now on, also for what is waited for already.
 */
export class Clock {
  readonly #initialScale: number;
  readonly #waiting = new Set<Waiting>();
  #scale: number;
  /** Where the clock stood, in ms, when the scale was last changed, and the real time of that. */
  #since = { clock: 0, real: performance.now() };

  constructor(scale: number) {
    this.#initialScale = scale;
    this.#scale = scale;
  }

  get scale(): number {
    return this.#scale;
  }

  /** Milliseconds on this clock since it was made; only differences mean anything. */
  now(): number {
    return this.#since.clock + (performance.now() - this.#since.real) * this.#scale;
  }

  setScale(scale: number): void {
    this.#since = { clock: this.now(), real: performance.now() };
    this.#scale = scale;
    for (const entry of this.#waiting) this.#arm(entry);
  }

  /** Back to the scale it was made with. */
  reset(): void {
    this.setScale(this.#initialScale);
  }

  /** Acts once `ms` have passed on this clock; the returned function calls it off. */
  after(ms: number, act: () => void): () => void {
    const entry: Waiting = { dueAt: this.now() + ms, act };
    this.#waiting.add(entry);
    this.#arm(entry);
    return () => this.#forget(entry);
  }

  close(): void {
    for (const entry of this.#waiting) this.#forget(entry);
  }

  #arm(entry: Waiting): void {
    clearTimeout(entry.timer);
    const realMs = Math.max(0, entry.dueAt - this.now()) / this.#scale;
    entry.timer = setTimeout(() => this.#ring(entry), Math.min(realMs, LONGEST_TIMEOUT_MS)).unref();
  }

  #ring(entry: Waiting): void {
    // Node may ring a fraction of a millisecond early; on a fast clock that is a long time.
    if (entry.dueAt - this.now() > this.#scale) {
      this.#arm(entry);
      return;
    }
    this.#forget(entry);
    entry.act();
  }

  #forget(entry: Waiting): void {
    clearTimeout(entry.timer);
    this.#waiting.delete(entry);
  }
}
