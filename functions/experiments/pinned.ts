import type { ResolvedSpec } from '../shared/contracts/experiment-spec.ts';

/** Every queue that the spec pins, once. */
export const pinnedQueues = ({ pins }: ResolvedSpec): string[] => [...new Set(Object.values(pins.ladders).flat())];

/** Every job definition that the spec pins, once, with its revision. */
export const pinnedDefinitions = ({ pins }: ResolvedSpec): string[] => [...new Set(Object.values(pins.jobDefinitions))];
