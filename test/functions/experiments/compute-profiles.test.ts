import { describe, expect, it } from 'vitest';
import { computeProfiles } from '../../../functions/experiments/compute-profiles.ts';
import { JOB_DEFINITIONS, LADDERS } from '../an-experiment.ts';

const QUEUE = 'arn:aws:batch:eu-central-1:123456789012:job-queue/cpu-benchmark-arm';
const DEFINITION = 'arn:aws:batch:eu-central-1:123456789012:job-definition/benchmark-arm:1';
const VARIANT = { ladders: { benchmark: [QUEUE] }, jobDefinitions: { benchmark: DEFINITION } };

describe('compute profiles', () => {
  it('share the job definitions of their stages', () => {
    const profiles = computeProfiles({ default: LADDERS, large: LADDERS }, JOB_DEFINITIONS);
    expect(profiles).toEqual({
      default: { ladders: LADDERS, jobDefinitions: JOB_DEFINITIONS },
      large: { ladders: LADDERS, jobDefinitions: JOB_DEFINITIONS },
    });
  });

  it('that are variants are the default one but for the stages that they name', () => {
    const { graviton } = computeProfiles({ default: LADDERS }, JOB_DEFINITIONS, { graviton: VARIANT });
    expect(graviton).toEqual({
      ladders: { ...LADDERS, benchmark: [QUEUE] },
      jobDefinitions: { ...JOB_DEFINITIONS, benchmark: DEFINITION },
    });
  });
});
