import { expect, it } from 'vitest';
import { pinDifferences } from '../../../functions/experiments/pin-differences.ts';
import { pinnedDefinitions, pinnedQueues } from '../../../functions/experiments/pinned.ts';
import type { ResolvedSpec } from '../../../functions/shared/contracts/experiment-spec.ts';
import { aSpec } from '../an-experiment.ts';

const found = (spec: ResolvedSpec) => ({
  spec,
  definitions: new Map(pinnedDefinitions(spec).map((arn) => [arn, 'ACTIVE'])),
  queues: new Map(pinnedQueues(spec).map((arn) => [arn, 'ENABLED'])),
});

it('a spec whose pins are all there differs in nothing', () => {
  const spec = aSpec();
  expect(pinDifferences(spec, found(spec))).toEqual([]);
});

it('a stage that the pipeline has got since is named, for nothing is pinned for it', () => {
  const spec = aSpec();
  const { parity: _, ...jobDefinitions } = spec.pins.jobDefinitions;
  const { parity: __, ...ladders } = spec.pins.ladders;
  const older = { ...spec, pins: { ...spec.pins, jobDefinitions, ladders } } as ResolvedSpec; // as it was stored before the stage was added
  expect(pinDifferences(older, found(older))).toEqual([
    {
      field: 'pins.jobDefinitions.parity',
      expected: expect.stringContaining('no such stage'),
      found: 'a stage that was added since',
    },
  ]);
});
