import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('death-watch.sh', import.meta.url));

/**
 * One small shell beside the executor that kills the jobs when the executor is killed (SIGKILL leaves no time to do it itself).
 * It notices by the end of a pipe, in a session of its own so that Ctrl-C does not reach it first.
 */
export class DeathWatch {
  readonly #alive = new Set<string>();
  #shell: ChildProcess | undefined;

  constructor() {
    this.#start();
  }

  add(group: number, jobId: string): void {
    this.#alive.add(`${group} ${jobId}`);
    this.#say(`+ ${group} ${jobId}\n`);
  }

  remove(group: number, jobId: string): void {
    this.#alive.delete(`${group} ${jobId}`);
    this.#say(`- ${group} ${jobId}\n`);
  }

  /** Ends the watch; whatever is still listed is killed by it. */
  close(): void {
    const shell = this.#shell;
    this.#shell = undefined;
    shell?.stdin?.end();
  }

  #say(line: string): void {
    this.#shell?.stdin?.write(line);
  }

  #start(): void {
    const shell = spawn('/bin/sh', [SCRIPT], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    this.#shell = shell;
    shell.unref();
    // A write to a watch that was just killed fails; its exit below starts the next one.
    shell.stdin?.on('error', () => {});
    shell.on('exit', () => {
      if (this.#shell !== shell) return;
      this.#start();
      for (const entry of this.#alive) this.#say(`+ ${entry}\n`);
    });
  }
}
