import { descendants, hasProc, proportionalBytes, residentBytes } from './process-tree.ts';

const SAMPLE_EVERY_MS = 250;

interface Watched {
  limitBytes: number;
  onExceeded: () => void;
}

/** Ends jobs whose processes together hold more memory than the job asked for, as the kernel does to a container on AWS. */
export class MemoryWatch {
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: (message: string) => void) {
    if (!hasProc) log('Memory limits are not enforced: this system has no /proc.');
  }

  watch(pid: number, limitBytes: number, onExceeded: () => void): void {
    if (!hasProc) return;
    this.#watched.set(pid, { limitBytes, onExceeded });
    this.#timer ??= setInterval(() => this.#sample(), SAMPLE_EVERY_MS).unref();
  }

  forget(pid: number): void {
    this.#watched.delete(pid);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sample(): void {
    for (const [pid, { limitBytes, onExceeded }] of this.#watched) {
      const pids = descendants(pid);
      if (residentBytes(pids) <= limitBytes || proportionalBytes(pids) <= limitBytes) continue;
      this.forget(pid);
      onExceeded();
    }
  }
}
