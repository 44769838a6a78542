import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { DATASET_VERSION_ENV, EXIT_CODES } from '../../functions/shared/contracts/names.ts';
import { parseDeployment } from '../../lib/config/load-deployment.ts';
import { CHECKS, type State, states, substitutions } from './asl-checks.ts';
import { definitionFile } from './definition-file.ts';

const { definition: datasetDefinition, substituted } = definitionFile('dataset');
const definition = datasetDefinition();
const text = JSON.stringify(definition);
const SUBSTITUTIONS = ['RecordPreparationArn', 'SpotQueueArn', 'OnDemandQueueArn', 'JobDefinitionArn'];

/** How often its jobs are looked at, over all tries. */
const LOOKS = Number(/\$looks >= (\d+)/.exec(text)?.[1]);
/** How often one without a spot host is looked at. */
const PATIENCE = Number(/\$waited >= (\d+)/.exec(text)?.[1]);
const secondsOf = (looks: number): number =>
  Array.from({ length: looks }, (_, look) => Math.min(60, 2 * (look + 1))).reduce((sum, wait) => sum + wait);

describe('state-machines/dataset.asl.json', () => {
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

  it('tells the job where its request lies, by the name of the contract', () => {
    expect(text).toContain(`'Name': '${DATASET_VERSION_ENV.datasetRequest}'`);
  });

  it('tries again after the exit codes that say nothing of the data', () => {
    const { infrastructure, interrupted } = EXIT_CODES;
    expect(text).toContain(`$job.exitCode in [${infrastructure}, ${interrupted}, 137, 143]`);
  });

  it('records whatever becomes of the job: what its tasks throw is caught', () => {
    const aboutTheJob = states(definition).filter(([name]) => ['Submit', 'LookAtJob', 'EndJob'].includes(name));
    expect(aboutTheJob).toHaveLength(3);
    for (const [name, { Catch }] of aboutTheJob) expect(Catch, name).toMatchObject([{ ErrorEquals: ['States.ALL'] }]);
    const { RecordPreparation, Outcome } = definition.States as Record<string, State>;
    expect(RecordPreparation?.Next).toBe('Outcome');
    expect(Outcome).toMatchObject({ Choices: [{ Next: 'PreparationFailed' }], Default: 'Succeeded' });
  });

  it('outlasts its job, leaves a queue without hosts after half an hour, and stays below the 25,000 events of an execution', () => {
    expect(text).toContain('$min([60, 2 * ($waited + 1)])');
    expect(parseDeployment({}).stages.prepare.attemptDurationSeconds).toBeLessThan(secondsOf(LOOKS) / 2);
    expect(secondsOf(PATIENCE)).toBeGreaterThan(1740);
    expect(secondsOf(PATIENCE)).toBeLessThan(2100);
    const eventsOfALook = 2 + 5 + 2; // Wait, Task, Choice
    expect(LOOKS * eventsOfALook).toBeLessThan(20_000);
  });
});
