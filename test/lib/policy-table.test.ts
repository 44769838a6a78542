import { describe, expect, it } from 'vitest';
import type { DeploymentInput } from '../../lib/config/deployment.ts';
import { parseDeployment } from '../../lib/config/load-deployment.ts';
import { policyTable, type Stacks } from '../policies/policy-table.ts';
import { EVERY_SWITCH, THE_OTHER_WAY } from './every-switch.ts';
import { statementsOf } from './policy-statements.ts';
import { synthesise } from './synthesised.ts';

const DEFAULT_NAME = parseDeployment({}).name;

/** By stack, under the name of the default deployment, so that only what a role may do differs. */
const stacksOf = (deployment: DeploymentInput): Stacks => {
  const { name } = parseDeployment(deployment);
  return Object.fromEntries(
    Object.entries(synthesise(deployment).templates).map(([stack, template]) => [
      stack,
      JSON.parse(JSON.stringify(statementsOf(template)).replaceAll(name, DEFAULT_NAME)) as Stacks[string],
    ]),
  );
};

const usual = stacksOf({});
const switched = {
  'every switch that goes together': stacksOf(EVERY_SWITCH),
  'the switches that exclude those': stacksOf(THE_OTHER_WAY),
};

describe('the table of policies', () => {
  it('says what each role of the synthesised stacks may do, and what switches add', async () => {
    await expect(policyTable(usual, switched)).toMatchFileSnapshot('../policies/allowed.md');
  });

  it('has a heading for each role, those that only a switch makes included', () => {
    const table = policyTable(usual, switched);
    const roles = [usual, ...Object.values(switched)].flatMap((stacks) => Object.values(stacks).flat());
    for (const { role } of roles) expect(table).toContain(`### ${role.replace(/^<(.*)>$/, '$1')}\n`);
  });

  it('would show one more right, in the default configuration and with a switch', () => {
    const one = { role: '<TrackJobRole>', actions: ['s3:PutObject'], resources: ['<Releases.Arn>/*'], condition: undefined };
    const more = { ...usual, pipeline: [...(usual.pipeline ?? []), one] };
    expect(policyTable(more)).not.toBe(policyTable(usual));
    expect(policyTable(usual, { 'a switch': usual })).toBe(policyTable(usual));
    expect(policyTable(usual, { 'a switch': more })).toContain('## pipeline, with a switch\n\n### TrackJobRole\n');
  });
});
