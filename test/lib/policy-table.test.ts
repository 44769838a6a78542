import { describe, expect, it } from 'vitest';
import { policyTable } from '../policies/policy-table.ts';
import { statementsOf } from './policy-statements.ts';
import { synthesise } from './synthesised.ts';

const { templates } = synthesise();
const stacks = Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, statementsOf(template)]));

describe('the table of policies', () => {
  it('says what each role of the synthesised stacks may do', async () => {
    await expect(policyTable(stacks)).toMatchFileSnapshot('../policies/allowed.md');
  });

  it('would show one more right', () => {
    const one = { role: '<TrackJobRole>', actions: ['s3:PutObject'], resources: ['<Releases.Arn>/*'], condition: undefined };
    expect(policyTable({ ...stacks, pipeline: [...(stacks.pipeline ?? []), one] })).not.toBe(policyTable(stacks));
  });
});
