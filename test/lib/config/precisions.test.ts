import { describe, expect, it } from 'vitest';
import { assertConsistent } from '../../../lib/config/consistency.ts';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { precisionLimits } from '../../../lib/config/precisions.ts';

const limits = (overrides: DeploymentInput = {}) => precisionLimits(parseDeployment(overrides));

describe('the precisions of a profile', () => {
  it('are those of every rung that its training may be tried on', () => {
    expect(limits()).toEqual({
      default: { bfloat16: 'rung 1 (gpu-spot, g4dn)' },
      'on-demand': { bfloat16: 'rung 1 (gpu-on-demand, g4dn)' },
    });
  });

  it('have bfloat16 where no rung may be a T4, and no float16 where one is a CPU', () => {
    const newer = { instanceTypes: ['g6.xlarge', 'g5.xlarge'] };
    const queues = { 'gpu-spot': newer, 'gpu-spot-any': newer, 'gpu-on-demand': newer };
    expect(limits({ queues })).toEqual({ default: {}, 'on-demand': {} });
    const queue = { instanceTypes: ['g4dn', 'g6'] };
    expect(limits({ queues: { ...queues, 'gpu-spot-any': queue } }).default).toEqual({
      bfloat16: 'rung 2 (gpu-spot-any, g4dn)',
    });
    const { profiles } = parseDeployment({});
    const withCpu = { ...profiles, default: { ...profiles.default, train: ['gpu-spot' as const, 'cpu-on-demand' as const] } };
    expect(limits({ queues, profiles: withCpu }).default).toEqual({
      float16: 'rung 2 (cpu-on-demand, a CPU)',
    });
  });

  it('count for what a configuration fills of a function’s environment', () => {
    const profile = (name: string) => [name, parseDeployment({}).profiles.default];
    const profiles = Object.fromEntries(['small', 'large', 'nightly'].map(profile));
    expect(() => assertConsistent(parseDeployment({ profiles }))).toThrow(/bytes of a function's environment/);
  });
});
