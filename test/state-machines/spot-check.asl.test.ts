import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { SPOT_CHECK_SIZE } from '../../lib/config/spot-checks.ts';
import { CHECKS, type State, states, substitutions } from './asl-checks.ts';
import { definitionFile } from './definition-file.ts';

const { definition: spotCheckDefinition, substituted } = definitionFile('spot-check');
const definition = spotCheckDefinition();
const SUBSTITUTIONS = ['FindReleasesArn', 'PublishSpotCheckArn', 'SpotQueueArn', 'OnDemandQueueArn', 'JobDefinitionArn'];

/** How often a job is looked at before it is given up. */
const LOOKS = Number(/\$looks >= (\d+)/.exec(JSON.stringify(definition))?.[1]);

describe('state-machines/spot-check.asl.json', () => {
  it('is valid, before and after its substitutions', () => {
    const values = Object.fromEntries(
      SUBSTITUTIONS.map((name) => [name, `arn:aws:lambda:us-east-1:000000000000:function:${name}`]),
    );
    for (const document of [definition, JSON.parse(substituted(values))]) {
      const { isValid, errors } = validate(document, { checkArn: false });
      expect({ isValid, errors }).toEqual({ isValid: true, errors: [] });
    }
  });

  it.each(Object.entries(CHECKS))('passes our check of %s', (_name, check) => {
    expect(check(definition)).toEqual([]);
  });

  it('uses every substitution that the stack gives, and no other', () => {
    expect(substitutions(definition)).toEqual([...SUBSTITUTIONS].sort());
  });

  it('publishes whatever becomes of the job: what its tasks throw is caught, and none of them fails the execution', () => {
    const aboutTheJob = states(definition).filter(([name]) => ['Submit', 'LookAtJob', 'EndJob'].includes(name));
    expect(aboutTheJob).toHaveLength(3);
    for (const [name, { Catch }] of aboutTheJob) expect(Catch, name).toMatchObject([{ ErrorEquals: ['States.ALL'] }]);
    const { PublishSpotCheck, Held } = definition.States as Record<string, State>;
    expect(PublishSpotCheck?.Next).toBe('Held');
    expect(Held).toMatchObject({ Choices: [{ Next: 'Drifted' }, { Next: 'SpotCheckFailed' }], Default: 'Succeeded' });
  });

  it('looks at a job for longer than it may run and its host may take to come', () => {
    const waited = Array.from({ length: LOOKS }, (_, look) => Math.min(30, 2 * (look + 1))).reduce((sum, wait) => sum + wait);
    expect(JSON.stringify(definition)).toContain('$min([30, 2 * ($looks + 1)])');
    expect(SPOT_CHECK_SIZE.attemptDurationSeconds).toBeLessThan(waited / 2);
    expect(waited).toBeGreaterThan(3600); // as its comment says
  });
});
