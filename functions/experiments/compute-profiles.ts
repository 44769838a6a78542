import type { Pins } from './resolve-spec.ts';

/** What a profile decides: on which queues each stage is tried, and by which job definition. */
export type ComputePins = Pick<Pins, 'ladders' | 'jobDefinitions'>;
type Variant = { ladders: Partial<Pins['ladders']>; jobDefinitions: Partial<Pins['jobDefinitions']> };

/** Every profile by name. A variant is the profile `default` but for the stages that it names. */
export const computeProfiles = (
  ladders: Readonly<Record<string, Pins['ladders']>>,
  jobDefinitions: Pins['jobDefinitions'],
  variants: Readonly<Record<string, Variant>> = {},
): Record<string, ComputePins> => {
  const profiles = Object.fromEntries(Object.entries(ladders).map(([name, of]) => [name, { ladders: of, jobDefinitions }]));
  const standard = profiles.default;
  if (!standard) return profiles;
  const varied = Object.entries(variants).map(([name, variant]) => [
    name,
    {
      ladders: { ...standard.ladders, ...variant.ladders },
      jobDefinitions: { ...standard.jobDefinitions, ...variant.jobDefinitions },
    },
  ]);
  return { ...profiles, ...Object.fromEntries(varied) };
};
