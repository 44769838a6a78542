import { describe, expect, it } from 'vitest';
import { readEnv, type VariableName } from '../../functions/shared/env.ts';
import { MAX_NAME } from '../../lib/config/deployment.ts';
import { HANDLERS, type HandlerName } from '../../lib/constructs/handlers.ts';
import { EVERY_SWITCH } from './every-switch.ts';
import { resourcesOf, synthesise } from './synthesised.ts';

const functionsOf = ({ templates }: ReturnType<typeof synthesise>) =>
  [templates.pipeline, templates.api, templates.rehearsal].flatMap((template) => resourcesOf(template, 'AWS::Lambda::Function'));
const functions = functionsOf(synthesise());
const switched = functionsOf(synthesise(EVERY_SWITCH));
const LONGEST = 'a'.repeat(MAX_NAME);
const { tenant: _, ...ANY_TENANT } = EVERY_SWITCH;
const longest = functionsOf(synthesise({ ...ANY_TENANT, name: LONGEST }));

/** Set for every function; read by Powertools, not by us. */
const LIBRARY_VARIABLES = ['POWERTOOLS_SERVICE_NAME', 'LOG_LEVEL'];

const declaredBy = async (handler: HandlerName): Promise<readonly VariableName[]> => {
  const file = new URL(`../../functions/${handler}.ts`, import.meta.url).href;
  const module = (await import(/* @vite-ignore */ file)) as { environment: readonly VariableName[] };
  return module.environment;
};

const variablesOf = (handler: HandlerName, among = functions): Record<string, unknown> => {
  const name = `-${handler.split('/')[1]}`;
  const found = among.filter(([, { Properties }]) => String(Properties.FunctionName).endsWith(name));
  expect(found, name).toHaveLength(1);
  const { Variables } = (found[0]?.[1].Properties.Environment ?? { Variables: {} }) as { Variables: Record<string, unknown> };
  return Variables;
};

describe('functions', () => {
  it('are deployed once each, and no other', () => {
    expect(functions).toHaveLength(HANDLERS.length);
  });

  it.each(HANDLERS)('%s gets exactly the variables that it declares, with every switch on', async (handler) => {
    const environment = await declaredBy(handler);
    const given = Object.keys(variablesOf(handler, switched)).filter((name) => name !== 'ORIGIN_SECRET');
    expect(given.sort()).toEqual([...environment, ...LIBRARY_VARIABLES].sort());
  });

  it('get the secret of the distribution in front where they answer HTTP, which the wrapper of all those reads', () => {
    const knowing = HANDLERS.filter((handler) => 'ORIGIN_SECRET' in variablesOf(handler, switched));
    const routes = resourcesOf(synthesise(EVERY_SWITCH).templates.api, 'AWS::ApiGatewayV2::Route');
    expect(knowing).toHaveLength(routes.length);
    expect(HANDLERS.filter((handler) => 'ORIGIN_SECRET' in variablesOf(handler))).toEqual([]);
  });

  it.each(HANDLERS)('%s gets no other ones without them', async (handler) => {
    const known: readonly string[] = [...(await declaredBy(handler)), ...LIBRARY_VARIABLES];
    expect(Object.keys(variablesOf(handler)).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(HANDLERS)('%s can read them as it will on AWS, with every switch on and without', async (handler) => {
    const environment = await declaredBy(handler);
    for (const among of [functions, switched]) {
      const variables = Object.entries(variablesOf(handler, among));
      const deployed = Object.fromEntries(variables.map(([name, value]) => [name, asDeployed(value)]));
      expect(() => readEnv(environment, deployed)).not.toThrow();
    }
  });

  it('keeps the environment of each function below the 4 KiB that Lambda takes, with every switch on and the longest name', () => {
    for (const handler of HANDLERS) {
      const bytes = Object.entries(variablesOf(handler, longest)).reduce(
        (sum, [name, value]) => sum + name.length + asDeployed(value).length,
        0,
      );
      expect(bytes, handler).toBeLessThan(4096);
    }
  });

  it('run on Node 24 on ARM, with a bounded time and a log group of their own', () => {
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
      expect(Properties.Timeout).toBeLessThanOrEqual(60);
      expect(Properties.LoggingConfig).toHaveProperty('LogGroup');
    }
  });
});

/** What CloudFormation makes of a value: references become ARNs as long as real ones can be. */
function asDeployed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const join = (value as Record<string, unknown>)['Fn::Join'];
  if (Array.isArray(join)) return (join[1] as unknown[]).map(asDeployed).join(String(join[0]));
  return `arn:aws:batch:ap-southeast-1:123456789012:job-queue/${LONGEST}-gpu-on-demand`;
}
