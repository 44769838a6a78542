import { describe, expect, it } from 'vitest';
import { libtestCounts, rustVerdict, withoutAdvisories } from './rust.ts';

describe('the counts of cargo test', () => {
  const result = (passed: number, failed: number): string =>
    `test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.31s`;

  it('add up all test binaries', () => {
    const output = `   Running unittests src/lib.rs\n${result(12, 0)}\n     Running tests/swaps.rs\n${result(3, 2)}\n   Doc-tests\n${result(1, 0)}\n`;
    expect(libtestCounts(101, output)).toEqual({ passed: 16, failed: 2 });
    expect(libtestCounts(0, result(12, 0))).toEqual({ passed: 12, failed: 0 });
  });

  it('have one failure where nothing was compiled, or a test binary crashed', () => {
    expect(libtestCounts(101, 'error[E0308]: mismatched types')).toEqual({ passed: 0, failed: 1 });
    expect(libtestCounts(101, result(12, 0))).toEqual({ passed: 12, failed: 1 });
  });
});

describe('the Rust suites', () => {
  it.each([
    [undefined, undefined, 'run'],
    [undefined, 'true', 'run'],
    ['cargo was not found', undefined, 'skip'],
    ['cargo was not found', 'false', 'skip'],
    ['cargo was not found', 'true', 'fail'],
  ])('with %j missing and CI=%s: %s', (missing, ci, verdict) => {
    expect(rustVerdict(missing, ci)).toBe(verdict);
  });

  it('are not run where the database of advisories cannot be reached, and fail for anything else', () => {
    expect(withoutAdvisories('error: failed to fetch advisory database https://…')).toMatch(/cannot be reached/);
    expect(withoutAdvisories('error[vulnerability]: a hole in ring')).toBeUndefined();
  });
});
