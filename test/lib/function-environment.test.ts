import { describe, expect, it } from 'vitest';
import { readEnv, type VariableName } from '../../functions/shared/env.ts';
import { HANDLERS, type HandlerName } from '../../lib/constructs/handlers.ts';
import { resourcesOf, synthesise } from './synthesised.ts';

const { templates } = synthesise();
const functions = [templates.pipeline, templates.api, templates.rehearsal].flatMap((template) =>
  resourcesOf(template, 'AWS::Lambda::Function'),
);

/** Set for every function; read by Powertools, not by us. */
const LIBRARY_VARIABLES = ['POWERTOOLS_SERVICE_NAME', 'LOG_LEVEL'];

const declaredBy = async (handler: HandlerName): Promise<readonly VariableName[]> => {
  const file = new URL(`../../functions/${handler}.ts`, import.meta.url).href;
  const module = (await import(/* @vite-ignore */ file)) as { environment: readonly VariableName[] };
  return module.environment;
};

const variablesOf = (handler: HandlerName): Record<string, unknown> => {
  const name = `spotforge-${handler.split('/')[1]}`;
  const found = functions.filter(([, { Properties }]) => Properties.FunctionName === name);
  expect(found, name).toHaveLength(1);
  const { Variables } = (found[0]?.[1].Properties.Environment ?? { Variables: {} }) as { Variables: Record<string, unknown> };
  return Variables;
};

describe('functions', () => {
  it('are deployed once each, and no other', () => {
    expect(functions).toHaveLength(HANDLERS.length);
  });

  it.each(HANDLERS)('%s gets exactly the variables that it declares', async (handler) => {
    const environment = await declaredBy(handler);
    expect(Object.keys(variablesOf(handler)).sort()).toEqual([...environment, ...LIBRARY_VARIABLES].sort());
  });

  it.each(HANDLERS)('%s can read them as it will on AWS', async (handler) => {
    const environment = await declaredBy(handler);
    const deployed = Object.fromEntries(Object.entries(variablesOf(handler)).map(([name, value]) => [name, asDeployed(value)]));
    expect(() => readEnv(environment, deployed)).not.toThrow();
  });

  it('keeps the environment of each function below the 4 KiB that Lambda takes', () => {
    for (const handler of HANDLERS) {
      const bytes = Object.entries(variablesOf(handler)).reduce(
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

/** What CloudFormation makes of a value: references become ARNs of the length that real ones have. */
function asDeployed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const join = (value as Record<string, unknown>)['Fn::Join'];
  if (Array.isArray(join)) return (join[1] as unknown[]).map(asDeployed).join(String(join[0]));
  return 'arn:aws:batch:eu-central-1:123456789012:job-queue/spotforge-gpu-on-demand';
}
