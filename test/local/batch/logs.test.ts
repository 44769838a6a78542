import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchSize } from '../../../local/batch/logs/log-batches.ts';
import { LogLines } from '../../../local/batch/logs/log-lines.ts';

const cutAt = (bytes: Buffer, cuts: number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to));
};

describe('log lines', () => {
  it('are the same wherever the chunks end, in the middle of a character too', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, '·'));
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), fc.array(fc.nat()), (lines, ended, cuts) => {
        const text = lines.join('\n') + (ended ? '\n' : '');
        const splitter = new LogLines(1_000_000);
        const found = [...cutAt(Buffer.from(text), cuts).flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(found).toEqual(expected);
      }),
    );
  });

  it('too long are cut without losing or breaking a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat()),
        (raw, longest, cuts) => {
          const text = raw.replace(/[\r\n]/g, '·').toWellFormed();
          const splitter = new LogLines(longest);
          const found = [...cutAt(Buffer.from(text), cuts).flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
          expect(found.join('')).toBe(text);
          expect(found.every((piece) => piece.isWellFormed() && piece.length <= longest + 1)).toBe(true);
        },
      ),
    );
  });

  it('end at CR LF too', () => expect(new LogLines(9).push(Buffer.from('a\r\nb\n'))).toEqual(['a', 'b']));
});

describe('batches for PutLogEvents', () => {
  const events = (count: number, bytes: number, step = 0) =>
    Array.from({ length: count }, (_, index) => ({ timestamp: index * step, message: 'x'.repeat(bytes) }));
  it.each([
    ['10,000 events', events(10_050, 1), 10_000],
    ['1,048,576 bytes with 26 an event', events(30, 65_510), 16],
    ['24 hours', events(30, 1, 3_600_000), 24],
    ['no limit', events(3, 5), 3],
  ])('stop at %s', (_, given, size) => expect(batchSize(given)).toBe(size));
});
