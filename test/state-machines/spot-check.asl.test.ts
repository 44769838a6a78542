import { describe, expect, it } from 'vitest';
import { SPOT_CHECK_SIZE } from '../../lib/config/spot-checks.ts';
import { type State, states } from './asl-checks.ts';
import { definitionFile } from './definition-file.ts';
import { testDefinition } from './definition-tests.ts';

const definition = definitionFile('spot-check').definition();
const SUBSTITUTIONS = ['FindReleasesArn', 'PublishSpotCheckArn', 'SpotQueueArn', 'OnDemandQueueArn', 'JobDefinitionArn'];

/** How often a job is looked at before it is given up. */
const LOOKS = Number(/\$looks >= (\d+)/.exec(JSON.stringify(definition))?.[1]);

describe('state-machines/spot-check.asl.json', () => {
  testDefinition('spot-check', SUBSTITUTIONS);

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
