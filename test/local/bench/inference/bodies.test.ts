import { describe, expect, it } from 'vitest';
import { textsOf } from '../../../../local/bench/inference/bodies.ts';

describe('the texts of the ratings', () => {
  it('are the first column, with its commas, quotes and line breaks', () => {
    const csv = 'text,label,document\r\nplain words,1,a-1\r\n"one, ""two""\nthree",-2,b-2\r\nlast,3,c';
    expect(textsOf(csv)).toEqual(['plain words', 'one, "two"\nthree', 'last']);
  });
});
