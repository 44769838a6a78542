import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a byte stream into lines wherever its chunks happen to end: the unfinished rest of a chunk, be it half a line or half a
 * UTF-8 character, waits for the next. A line longer than `longest` characters is cut there.
 */
export class LogLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #longest: number;
  #rest = '';

  constructor(longest: number) {
    this.#longest = longest;
  }

  push(chunk: Buffer): string[] {
    return this.#cut(this.#rest + this.#decoder.write(chunk));
  }

  /** What is left when the stream has ended. */
  end(): string[] {
    const lines = this.#cut(this.#rest + this.#decoder.end());
    const last = this.#rest;
    this.#rest = '';
    return last === '' ? lines : [...lines, last];
  }

  #cut(text: string): string[] {
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    const cut = lines.flatMap((line) => this.#pieces(line.endsWith('\r') ? line.slice(0, -1) : line));
    const pieces = this.#pieces(this.#rest);
    this.#rest = pieces.pop() ?? '';
    return [...cut, ...pieces];
  }

  #pieces(line: string): string[] {
    if (line.length <= this.#longest) return [line];
    const pieces: string[] = [];
    for (let from = 0; from < line.length; ) {
      let to = Math.min(from + this.#longest, line.length);
      // Not between the two halves of one character.
      if (to < line.length && isHighSurrogate(line.charCodeAt(to - 1))) to += 1;
      pieces.push(line.slice(from, to));
      from = to;
    }
    return pieces;
  }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
