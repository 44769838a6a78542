import { describe, expect, it } from 'vitest';
import { STAGES } from '../../functions/shared/contracts/names.ts';
import { DENIED } from '../policies/denied.ts';
import { statementsOf } from './policy-statements.ts';
import { synthesise } from './synthesised.ts';

const roles = Object.values(synthesise().templates)
  .flatMap(statementsOf)
  .map(({ role }) => role.replace(/^<(.*)>$/, '$1'));

describe('what roles are refused', () => {
  it('is written down for every role of the default configuration, and for no other', () => {
    expect(Object.keys(DENIED).sort()).toEqual([...new Set(roles)].sort());
  });

  it.each(STAGES)('%s reaches outside its prefixes, for the table, for a queue and for the bus', (stage) => {
    const calls: readonly string[] = DENIED[`Stage${stage}Role`];
    for (const beyond of [/^s3:PutObject /, /^dynamodb:\w+ table$/, /^sqs:/, /^events:PutEvents /])
      expect(calls.some((call) => beyond.test(call))).toBe(true);
  });

  it('is no call twice', () => {
    for (const [role, calls] of Object.entries(DENIED)) expect(new Set(calls).size, role).toBe(calls.length);
  });

  it('is a hundred and fifty calls and more', () => {
    expect(Object.values(DENIED).flat().length).toBeGreaterThanOrEqual(150);
  });
});
