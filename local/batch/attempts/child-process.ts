import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { childrenOf, processesWith } from './process-tree.ts';

export interface Exit {
  exitCode: number;
  at: number;
}

/** A job's main process: leader of a session and process group of its own, its output on two pipes. */
export class Child {
  readonly pid: number;
  readonly startedAt: number;
  readonly exited: Promise<Exit>;
  /** Both pipes have ended too. */
  readonly closed: Promise<void>;
  readonly #process: ChildProcess;
  readonly #jobId: string;

  private constructor(child: ChildProcess, pid: number, jobId: string) {
    this.#process = child;
    this.pid = pid;
    this.#jobId = jobId;
    this.startedAt = Date.now();
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ exitCode: exitCodeOf(code, signal), at: Date.now() }));
    });
    this.closed = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Starts the command; throws Node's spawn error (ENOENT, EACCES) when there is no such program. */
  static async start(
    command: readonly string[],
    environment: Record<string, string>,
    directory: string,
    jobId: string,
  ): Promise<Child> {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { cwd: directory, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid === undefined) throw await new Promise<Error>((resolve) => child.once('error', resolve));
    child.on('error', () => {});
    return new Child(child, child.pid, jobId);
  }

  onOutput(write: (source: 'stdout' | 'stderr', chunk: Buffer) => void): void {
    this.#process.stdout?.on('data', (chunk: Buffer) => write('stdout', chunk));
    this.#process.stderr?.on('data', (chunk: Buffer) => write('stderr', chunk));
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    signalGroup(this.pid, signal);
  }

  /** Kills the processes that the main one started itself, and answers how many there were. */
  killChildren(): number {
    const children = childrenOf(this.pid);
    for (const pid of children) killIfAlive(pid);
    return children.length;
  }

  /** Kills whatever the main process left behind; a container ends with its main process. */
  async killRemains(): Promise<void> {
    this.signal('SIGKILL');
    await killMarked(this.#jobId);
  }
}

/** A signal as exit code, the way a shell and Docker report it: 128 + its number. */
function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left in the group.
  }
}

export async function killMarked(jobId: string): Promise<void> {
  for (const pid of await processesWith('AWS_BATCH_JOB_ID', jobId)) killIfAlive(pid);
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}
