import validate from 'asl-validator';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { jobName, STAGE_ENV, STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { timeoutSubstitution } from '../../lib/constructs/experiment-state-machine.ts';
import { byStage } from '../functions/an-experiment.ts';
import { CHECKS, type Definition, expressionOf, type Json, type State, SUBMIT, substitutions } from './asl-checks.ts';
import { definitionFile } from './definition-file.ts';

const { definition: experimentDefinition, substituted } = definitionFile('experiment');
const definition = experimentDefinition();
const stateName = (stage: Stage): string => stage.charAt(0).toUpperCase() + stage.slice(1);
const stateOf = (stage: Stage): State => definition.States[stateName(stage)] as State;
const SUBSTITUTIONS = ['ConfirmReleaseArn', 'RecordFailureArn', 'TakeModelVersionArn', ...STAGES.map(timeoutSubstitution)];
const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function:f';

const VARIABLES = {
  experimentId: 'exp_01arz3ndektsv4rrffq69g5fav',
  run: 2,
  attempt: 3,
  rung: 1,
  microBatchDivisor: 2,
  modelVersion: 7,
  shareIdentifier: 'abc123',
  inputs: { ingest: 's3://b/k' },
  ladders: byStage((stage) => [`arn:${stage}:0`, `arn:${stage}:1`]),
  jobDefinitions: byStage((stage) => `arn:definition/${stage}:4`),
  states: {
    context: { Task: { Token: 'the-token' } },
    result: { manifest: 's3://b/new' },
    errorOutput: {} as Record<string, string>,
  },
};

/** Evaluates a value of the definition as Step Functions does: `$parse` is its own addition to JSONata. */
const evaluate = async (value: Json | undefined, variables: object = {}): Promise<unknown> => {
  if (Array.isArray(value)) return Promise.all(value.map((item) => evaluate(item, variables)));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      await Promise.all(Object.entries(value).map(async ([key, item]) => [key, await evaluate(item, variables)])),
    );
  const expression = typeof value === 'string' ? expressionOf(value) : undefined;
  if (expression === undefined) return value;
  const compiled = jsonata(expression);
  compiled.registerFunction('parse', (text: string) => JSON.parse(text));
  return compiled.evaluate({}, { ...VARIABLES, ...variables });
};

describe('state-machines/experiment.asl.json', () => {
  it('is valid, before and after its substitutions', () => {
    const values = Object.fromEntries(SUBSTITUTIONS.map((name) => [name, name.endsWith('Arn') ? LAMBDA : '3600']));
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

  it('runs the stages in their order, with the GPUs released before work on CPUs and a version taken before the bundle', () => {
    const order: string[] = [];
    const follow = ({ Next, Default }: State): string => (Next ?? Default) as string;
    for (let name = definition.StartAt; name !== undefined; name = follow(definition.States[name] as State)) order.push(name);
    const before = STAGES.slice(0, STAGES.indexOf('export')).map(stateName);
    const after = STAGES.slice(STAGES.indexOf('export'), -1).map(stateName);
    const released = ['ConfirmGpuRelease', 'GpuReleased'];
    expect(order).toEqual([
      'Begin',
      'SkipFinishedStages',
      ...before,
      ...released,
      ...after,
      'TakeModelVersion',
      'Bundle',
      'Succeeded',
    ]);
  });

  it('starts with what the input says is finished', async () => {
    const begin = definition.States.Begin as State;
    const inputs = { ingest: 's3://b/ingest', prepare: 's3://b/prepare' };
    const input = { experimentId: VARIABLES.experimentId, run: 2, inputs };
    expect(await evaluate(begin.Assign, { states: { input } })).toMatchObject({ run: 2, inputs, attempt: 1, rung: 0 });
  });

  it('leads a run to the first stage that is not finished, over the proof that no GPU is held, and to its end when all are', async () => {
    const skip = definition.States.SkipFinishedStages as State;
    const next: Json[] = [];
    for (let finished = 0; finished <= STAGES.length; finished++) {
      const inputs = Object.fromEntries(STAGES.slice(0, finished).map((stage) => [stage, 's3://b/k']));
      let to = skip.Default as Json;
      for (const choice of [...(skip.Choices as { Condition: string; Next: string }[])].reverse())
        if ((await evaluate(choice.Condition, { inputs })) === true) to = choice.Next;
      next.push(to);
    }
    expect(next).toEqual([
      ...['Ingest', 'Prepare', 'Train', 'ConfirmGpuRelease', 'Parity', 'Quantize', 'Benchmark'],
      'TakeModelVersion',
      'Succeeded',
    ]);
  });

  it('leads back to every stage that may be tried again', async () => {
    for (const stage of STAGES) {
      const back = definition.States.ReturnToStage as State;
      let next = back.Default;
      for (const choice of back.Choices as { Condition: string; Next: string }[])
        if ((await evaluate(choice.Condition, { failure: { stage } })) === true) next = choice.Next;
      expect(next).toBe(stateName(stage));
    }
  });
});

describe.each(STAGES)('%s', (stage) => {
  const state = stateOf(stage);

  it('submits a job under the name of its attempt, on its rung, with its pinned definition', async () => {
    const at = { experimentId: VARIABLES.experimentId, run: 2, stage, attempt: 3 };
    expect(state.Resource).toBe(SUBMIT);
    expect(await evaluate(state.Arguments)).toMatchObject({
      JobName: jobName(at),
      JobQueue: `arn:${stage}:1`,
      JobDefinition: `arn:definition/${stage}:4`,
      ShareIdentifier: 'abc123',
    });
  });

  it('stays on the last rung of its ladder, however short', async () => {
    const argumentsOf = (rung: number, ladders: object) => evaluate(state.Arguments, { rung, ladders });
    expect(await argumentsOf(9, VARIABLES.ladders)).toMatchObject({ JobQueue: `arn:${stage}:1` });
    expect(
      await argumentsOf(
        1,
        byStage(() => ['arn:only']),
      ),
    ).toMatchObject({ JobQueue: 'arn:only' });
  });

  it('tells its container who it is', async () => {
    const { ContainerOverrides } = (await evaluate(state.Arguments)) as {
      ContainerOverrides: { Environment: { Name: string; Value: unknown }[] };
    };
    const given = Object.fromEntries(ContainerOverrides.Environment.map(({ Name, Value }) => [Name, Value]));
    expect(given).toEqual({
      [STAGE_ENV.experimentId]: VARIABLES.experimentId,
      [STAGE_ENV.run]: '2',
      [STAGE_ENV.stage]: stage,
      [STAGE_ENV.attempt]: '3',
      [STAGE_ENV.taskToken]: 'the-token',
      [STAGE_ENV.inputs]: '{"ingest":"s3://b/k"}',
      [STAGE_ENV.microBatchDivisor]: '2',
      ...(stage === 'bundle' ? { [STAGE_ENV.modelVersion]: '7' } : {}),
    });
  });

  it('waits for the time that the stack gives', async () => {
    const after = JSON.parse(substituted({ [timeoutSubstitution(stage)]: '4200' })) as Definition;
    expect(await evaluate(after.States[stateName(stage)]?.TimeoutSeconds)).toBe(4200);
  });

  it('keeps its winning manifest and starts the next stage afresh', async () => {
    expect(await evaluate(state.Assign)).toEqual({
      inputs: { ...VARIABLES.inputs, [stage]: 's3://b/new' },
      attempt: 1,
      rung: 0,
      microBatchDivisor: 1,
    });
  });

  it('takes over the decision that came with a failure, and does without one when there is none', async () => {
    const [decided, anything] = state.Catch as { Assign: Json }[];
    const Cause = JSON.stringify({ action: 'again', rung: 1, microBatchDivisor: 2, delaySeconds: 10, message: 'm' });
    const failed = (errorOutput: object) => ({ states: { ...VARIABLES.states, errorOutput } });
    expect(await evaluate(decided?.Assign, failed({ Error: 'Stage.Hung', Cause }))).toEqual({
      failure: {
        action: 'again',
        rung: 1,
        microBatchDivisor: 2,
        delaySeconds: 10,
        message: 'm',
        stage,
        error: 'Stage.Hung',
        cause: Cause,
      },
    });
    for (const errorOutput of [{ Error: 'States.Timeout', Cause: '' }, { Error: 'States.Timeout' }])
      expect(await evaluate(anything?.Assign, failed(errorOutput))).toEqual({
        failure: { action: 'fail', stage, error: 'States.Timeout', cause: '' },
      });
  });
});

describe('our checks find what asl-validator lets pass', () => {
  const broken = (change: (train: Catcher) => void): Definition => {
    const copy = experimentDefinition();
    change(copy.States.Train as Catcher);
    return copy;
  };
  type Catcher = Record<string, Json>;
  const catcher = (state: Catcher, index: number): Catcher => (state.Catch as Catcher[])[index] as Catcher;

  it.each<[string, keyof typeof CHECKS, (train: Catcher) => unknown]>([
    ['a missing Comment', 'stateComments', (train) => Object.assign(train, { Comment: '' })],
    ['ResultPath in a catcher', 'jsonPathFields', (train) => Object.assign(catcher(train, 0), { ResultPath: '$.x' })],
    ['an unknown field in a catcher', 'catchers', (train) => Object.assign(catcher(train, 0), { Bogus: 1 })],
    ['States.ALL before another catcher', 'catchers', (train) => (train.Catch as Json[]).reverse()],
    [
      'States.ALL among others',
      'catchers',
      (train) => Object.assign(catcher(train, 1), { ErrorEquals: ['States.ALL', 'Stage.Hung'] }),
    ],
    ['a parameter in lower case', 'batchParameters', (train) => Object.assign(train.Arguments as Catcher, { jobName: 'x' })],
    ['a Stage error that no catcher decides', 'failureScheme', (train) => (catcher(train, 0).ErrorEquals as Json[]).pop()],
    [
      'a parse of a cause that may be empty',
      'failureScheme',
      (train) => Object.assign(catcher(train, 1), { Assign: { failure: '{% $parse($states.errorOutput.Cause) %}' } }),
    ],
    ['a Retry of stage errors', 'failureScheme', (train) => Object.assign(train, { Retry: [{ ErrorEquals: ['Stage.Hung'] }] })],
    ['broken JSONata', 'expressions', (train) => Object.assign(train.Arguments as Catcher, { JobName: '{% $a & %}' })],
    ['half an expression', 'expressions', (train) => Object.assign(train.Arguments as Catcher, { JobName: '{% $a' })],
    ['an order of assignments', 'assignments', (train) => Object.assign(train.Assign as Catcher, { rung: '{% $attempt %}' })],
  ])('%s', (_what, check, change) => {
    expect(CHECKS[check](broken(change))).not.toEqual([]);
  });
});
