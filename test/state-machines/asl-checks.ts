import jsonata from 'jsonata';
import { STAGE_ERRORS } from '../../functions/shared/contracts/names.ts';

/** What asl-validator lets pass. Each check answers with what is wrong, in words; nothing when all is well. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type State = { [key: string]: Json } & { Type: string };
export type Definition = { StartAt: string; QueryLanguage?: string; States: Record<string, State> };

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: Json | undefined): { [key: string]: Json }[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Every state, those inside a Map or a Parallel included. */
export const states = ({ States }: Pick<Definition, 'States'>): [string, State][] =>
  Object.entries(States).flatMap(([name, state]) => [
    [name, state],
    ...[state.ItemProcessor, ...(Array.isArray(state.Branches) ? state.Branches : [])]
      .filter(isObject)
      .flatMap((inner) => states(inner as unknown as Definition)),
  ]);

/** Every string of a document with the path to it. */
const strings = (value: Json, path = ''): [string, string][] => {
  if (typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((item, index) => strings(item, `${path}[${index}]`));
  return isObject(value) ? Object.entries(value).flatMap(([key, item]) => strings(item, `${path}.${key}`)) : [];
};

export const expressionOf = (text: string): string | undefined => /^\{%([\s\S]*)%\}$/.exec(text)?.[1];

const stateComments = (definition: Definition): string[] =>
  states(definition).flatMap(([name, state]) =>
    typeof state.Comment === 'string' && state.Comment.length > 10 ? [] : [`${name} has no Comment`],
  );

const JSONPATH_FIELDS = [
  'InputPath',
  'OutputPath',
  'ResultPath',
  'Parameters',
  'ResultSelector',
  'TimeoutSecondsPath',
  'SecondsPath',
  'ErrorPath',
  'CausePath',
];

/** Fields of the other query language, in states and in their catchers: AWS refuses them, some tools ignore them. */
const jsonPathFields = (definition: Definition): string[] =>
  states(definition).flatMap(([name, state]) =>
    [state, ...objects(state.Catch), ...objects(state.Retry), ...objects(state.Choices)].flatMap((part) =>
      Object.keys(part)
        .filter((key) => JSONPATH_FIELDS.includes(key) || key.endsWith('.$'))
        .map((key) => `${name}: ${key} belongs to JSONPath`),
    ),
  );

const CATCH_FIELDS = ['ErrorEquals', 'Next', 'Assign', 'Output', 'Comment'];

const catchers = (definition: Definition): string[] =>
  states(definition).flatMap(([name, state]) => {
    const all = objects(state.Catch);
    return all.flatMap((catcher, index) => {
      const errors = Array.isArray(catcher.ErrorEquals) ? catcher.ErrorEquals : [];
      return [
        ...Object.keys(catcher)
          .filter((key) => !CATCH_FIELDS.includes(key))
          .map((key) => `${name}: a catcher has no field ${key}`),
        ...(errors.includes('States.ALL') && errors.length > 1 ? [`${name}: States.ALL stands alone`] : []),
        ...(errors.includes('States.ALL') && index !== all.length - 1 ? [`${name}: States.ALL comes last`] : []),
      ];
    });
  });

const ARGUMENTS = [
  'JobName',
  'JobQueue',
  'JobDefinition',
  'ShareIdentifier',
  'ContainerOverrides',
  'Environment',
  'Name',
  'Value',
  'Jobs',
  'JobId',
  'Reason',
];
const BATCH = 'arn:aws:states:::aws-sdk:batch:';
export const SUBMIT = `${BATCH}submitJob.waitForTaskToken`;

/** Batch's parameters in the spelling that the SDK integration wants: PascalCase. */
const batchParameters = (definition: Definition): string[] =>
  states(definition)
    .filter(([, { Resource }]) => typeof Resource === 'string' && Resource.startsWith(BATCH))
    .flatMap(([name, state]) => {
      const keys = (value: Json | undefined): string[] => {
        if (Array.isArray(value)) return value.flatMap(keys);
        return isObject(value) ? Object.entries(value).flatMap(([key, item]) => [key, ...keys(item)]) : [];
      };
      return keys(state.Arguments)
        .filter((key) => !ARGUMENTS.includes(key))
        .map((key) => `${name}: Batch has no parameter ${key} that we use`);
    });

/** The two catchers of the failure scheme: the first reads the decision, the last must not, for a time-out has no cause. */
const failureScheme = (definition: Definition): string[] =>
  states(definition)
    .filter(([, state]) => state.Resource === SUBMIT)
    .flatMap(([name, state]) => {
      const [decided, anything, ...more] = objects(state.Catch);
      const errors = objects(state.Retry).flatMap(({ ErrorEquals }) => (Array.isArray(ErrorEquals) ? ErrorEquals : []));
      return [
        ...(JSON.stringify(decided?.ErrorEquals) === JSON.stringify(STAGE_ERRORS)
          ? []
          : [`${name}: the first catcher names every Stage error`]),
        ...(JSON.stringify(decided?.Assign ?? null).includes('$parse($states.errorOutput.Cause)')
          ? []
          : [`${name}: the first catcher reads the decision`]),
        ...(JSON.stringify(anything?.ErrorEquals) === '["States.ALL"]' ? [] : [`${name}: the last catcher takes everything`]),
        ...(JSON.stringify(anything?.Assign ?? null).includes('$parse') ? [`${name}: the last catcher must not parse`] : []),
        ...(more.length > 0 ? [`${name}: two catchers suffice`] : []),
        ...(errors.every((error) => String(error).startsWith('Batch.')) && errors.length > 0
          ? []
          : [`${name}: Retry is for SubmitJob's own errors alone`]),
      ];
    });

/** Every `{% … %}` parses, and nothing looks like one that is not. */
const expressions = (definition: Definition): string[] =>
  states(definition).flatMap(([name, state]) =>
    strings(state, name).flatMap(([path, text]) => {
      const expression = expressionOf(text);
      if (expression === undefined) return /\{%|%\}/.test(text) ? [`${path}: neither text nor expression`] : [];
      try {
        jsonata(expression);
        return [];
      } catch (error) {
        return [`${path}: ${(error as Error).message}`];
      }
    }),
  );

/** Variables that an Assign both sets and reads: their order differs between AWS and its emulators. */
const assignments = (definition: Definition): string[] =>
  states(definition).flatMap(([name, state]) =>
    [state, ...objects(state.Catch)].flatMap((part) => {
      const assign = isObject(part.Assign) ? part.Assign : {};
      return Object.keys(assign).flatMap((variable) =>
        Object.entries(assign)
          .filter(
            ([other, value]) =>
              other !== variable && strings(value).some(([, text]) => new RegExp(`\\$${variable}\\b`).test(text)),
          )
          .map(([other]) => `${name}: ${other} reads $${variable}, which is assigned beside it`),
      );
    }),
  );

export const substitutions = (definition: Definition): string[] =>
  [
    ...new Set(
      strings(definition as unknown as Json).flatMap(([, text]) =>
        [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? ''),
      ),
    ),
  ].sort();

export const CHECKS = { stateComments, jsonPathFields, catchers, batchParameters, failureScheme, expressions, assignments };
