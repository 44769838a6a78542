import { createWriteStream, type WriteStream } from 'node:fs';
import { codeOf, messageOf } from '../errors.ts';
import { batchSize, type LogEvent } from './log-batches.ts';
import { LogLines } from './log-lines.ts';

/** The three calls of CloudWatch Logs that a shipper makes. */
export interface LogsApi {
  createGroup(group: string): Promise<void>;
  createStream(group: string, stream: string): Promise<void>;
  put(group: string, stream: string, events: LogEvent[]): Promise<void>;
}

export interface Destination {
  group: string;
  stream: string;
  /** Batch makes its default group by itself; another one only if the definition says `awslogs-create-group`. */
  createGroup: boolean;
  file: string;
}

/** Long enough to batch, short enough to follow a job live. */
const FLUSH_EVERY_MS = 500;
/** A quarter of PutLogEvents' 256 KiB, since a character takes up to 4 bytes. */
const LONGEST_LINE = 65_000;
/** How often a failing call is tried again before its lines stay in the file only. */
const TRIES = 4;

/** Carries one attempt's output to CloudWatch Logs and to a file, in order. Failures never reach the job. */
export class LogShipper {
  readonly #api: LogsApi;
  readonly #to: Destination;
  readonly #complain: (message: string) => void;
  readonly #file: WriteStream;
  readonly #lines = { stdout: new LogLines(LONGEST_LINE), stderr: new LogLines(LONGEST_LINE) };
  #waiting: LogEvent[] = [];
  #work: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #broken = false;

  constructor(api: LogsApi, to: Destination, complain: (message: string) => void) {
    this.#api = api;
    this.#to = to;
    this.#complain = complain;
    this.#file = createWriteStream(to.file, { flags: 'a' });
    this.#file.on('error', (error) => complain(`${to.file}: ${error.message}`));
    this.#work = this.#attempt(() => this.#createStream());
  }

  write(source: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#take(this.#lines[source].push(chunk));
  }

  /** Ships the rest; resolves when it is there, or when it was given up. */
  async end(): Promise<void> {
    this.#take([...this.#lines.stdout.end(), ...this.#lines.stderr.end()]);
    this.#file.end();
    await this.#flush();
  }

  #take(lines: string[]): void {
    if (lines.length === 0) return;
    const timestamp = Date.now();
    this.#file.write(`${lines.join('\n')}\n`);
    // CloudWatch Logs takes no empty message; Docker's awslogs driver leaves them out too.
    for (const message of lines) if (message !== '') this.#waiting.push({ timestamp, message });
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_EVERY_MS).unref();
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work = this.#work.then(async () => {
      while (this.#waiting.length > 0 && !this.#broken) {
        const events = this.#waiting.splice(0, batchSize(this.#waiting));
        await this.#attempt(() => this.#api.put(this.#to.group, this.#to.stream, events));
      }
    });
    return this.#work;
  }

  async #createStream(): Promise<void> {
    const { group, stream } = this.#to;
    try {
      await this.#api.createStream(group, stream);
    } catch (error) {
      if (codeOf(error) !== 'ResourceNotFoundException' || !this.#to.createGroup) throw error;
      await this.#api.createGroup(group).catch((reason) => {
        if (codeOf(reason) !== 'ResourceAlreadyExistsException') throw reason;
      });
      await this.#api.createStream(group, stream);
    }
  }

  async #attempt(call: () => Promise<void>): Promise<void> {
    for (let left = TRIES - 1; ; left -= 1) {
      try {
        return await call();
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ResourceAlreadyExistsException') return;
        if (left > 0 && code !== 'ResourceNotFoundException') {
          await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** (TRIES - left)));
          continue;
        }
        this.#broken = true;
        this.#complain(`Log stream ${this.#to.group} ${this.#to.stream}: ${messageOf(error)} The lines are in ${this.#to.file}.`);
        return;
      }
    }
  }
}
