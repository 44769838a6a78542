import { describe, expect, it } from 'vitest';
import { REHEARSALS } from '../../functions/shared/contracts/names.ts';
import { REHEARSAL_SIZES } from '../../lib/config/rehearsal-sizes.ts';
import { jobDefinitionSubstitution } from '../../lib/constructs/rehearsal-state-machine.ts';
import { CHECKS, type Definition, type State, states } from './asl-checks.ts';
import { definitionFile } from './definition-file.ts';
import { testDefinition } from './definition-tests.ts';

const { definition: rehearsalDefinition } = definitionFile('rehearsal');
const definition = rehearsalDefinition();
const SUBSTITUTIONS = [
  'FindSubjectsArn',
  'PublishReportArn',
  'JobQueueArn',
  'InterruptionTemplateId',
  ...REHEARSALS.map(jobDefinitionSubstitution),
];

/** How often a job is looked at before it is given up. */
const LOOKS = Number(/\$looks >= (\d+)/.exec(JSON.stringify(definition))?.[1]);

describe('state-machines/rehearsal.asl.json', () => {
  testDefinition('rehearsal', SUBSTITUTIONS);

  it('lets no rehearsal end the others: whatever a task of one throws is caught', () => {
    const inner = states((definition.States.Rehearse as State).ItemProcessor as unknown as Definition);
    const tasks = inner.filter(([, { Type }]) => Type === 'Task');
    expect(tasks.map(([name]) => name)).toEqual(['Submit', 'LookAtJob', 'EndJob']);
    for (const [name, { Catch }] of tasks) expect(Catch, name).toMatchObject([{ ErrorEquals: ['States.ALL'] }]);
    expect(inner.filter(([, { Type }]) => Type === 'Fail')).toEqual([]);
  });

  it('looks at a job for longer than it may run', () => {
    const waited = Array.from({ length: LOOKS }, (_, look) => Math.min(30, 2 * (look + 1))).reduce((sum, wait) => sum + wait);
    const wait = JSON.stringify(definition.States.Rehearse);
    expect(wait).toContain('$min([30, 2 * ($looks + 1)])');
    for (const size of Object.values(REHEARSAL_SIZES)) expect(size.attemptDurationSeconds).toBeLessThan(waited / 2);
  });

  it('stays far below the 25,000 events of an execution, even when every job takes all its time', () => {
    const eventsOfALook = 2 + 5 + 2; // Wait, Task, Choice
    expect(LOOKS * eventsOfALook * REHEARSALS.length).toBeLessThan(10_000);
  });

  it('publishes before it fails', () => {
    const { PublishReport, Passed } = definition.States as Record<string, State>;
    expect(PublishReport?.Next).toBe('Passed');
    expect(Passed).toMatchObject({ Choices: [{ Next: 'RehearsalFailed' }], Default: 'Succeeded' });
  });
});

describe('our checks look into a Map', () => {
  it('finds a state without a Comment in there', () => {
    const copy = rehearsalDefinition();
    const processor = (copy.States.Rehearse as State).ItemProcessor as unknown as Definition;
    Object.assign(processor.States.Submit as State, { Comment: '' });
    expect(CHECKS.stateComments(copy)).toEqual(['Submit has no Comment']);
  });
});
