import validate from 'asl-validator';
import { expect, it } from 'vitest';
import { CHECKS, substitutions } from './asl-checks.ts';
import { definitionFile } from './definition-file.ts';

/** What holds of every definition: it is valid, passes our own checks, and uses what its stack fills in and nothing else. */
export const testDefinition = (name: string, given: readonly string[]): void => {
  const { definition, substituted } = definitionFile(name);

  it('is valid, before and after its substitutions', () => {
    const values = Object.fromEntries(given.map((value) => [value, `arn:aws:lambda:us-east-1:000000000000:function:${value}`]));
    for (const document of [definition(), JSON.parse(substituted(values))]) {
      const { isValid, errors } = validate(document, { checkArn: false });
      expect({ isValid, errors }).toEqual({ isValid: true, errors: [] });
    }
  });

  it.each(Object.entries(CHECKS))('passes our check of %s', (_name, check) => {
    expect(check(definition())).toEqual([]);
  });

  it('uses every substitution that the stack gives, and no other', () => {
    expect(substitutions(definition())).toEqual([...given].sort());
  });
};
