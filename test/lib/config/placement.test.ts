import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertConsistent } from '../../../lib/config/consistency.ts';
import type { DeploymentInput } from '../../../lib/config/deployment.ts';
import { KNOWN_FAMILIES, offersOf } from '../../../lib/config/instance-catalogue.ts';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';

const checked = (overrides: DeploymentInput) => () => assertConsistent(parseDeployment(overrides));
const FOUR_GPUS = { vcpus: 44, memoryMiB: 170_000, gpus: 4, sharedMemoryMiB: 16_384 };
const LARGE = { instanceTypes: ['g6.12xlarge', 'g5.12xlarge'], maxvCpus: 96 };
const LARGE_LADDER = { 'gpu-spot': LARGE, 'gpu-spot-any': LARGE, 'gpu-on-demand': LARGE };

describe('a job on the instances of its ladder', () => {
  it('takes at most 90 % of the smallest of a family, however large the others are', () => {
    // g6 starts with 16 GiB at 4 vCPUs: 14,745 MiB.
    expect(checked({ stages: { train: { memoryMiB: 14_745 } } })).not.toThrow();
    expect(checked({ stages: { train: { memoryMiB: 14_746 } } })).toThrow(
      /stages\.train asks for 4 vCPUs \(vcpus\), 14746 MiB \(memoryMiB\) and 1 GPUs \(gpus\), but g6 in queues\.gpu-spot-any\.instanceTypes may be an instance of 4 vCPUs, 14745 MiB/,
    );
  });

  it('is compared with every entry of every queue of every profile', () => {
    for (const queue of ['gpu-spot', 'gpu-spot-any', 'gpu-on-demand'] as const)
      expect(
        checked({ queues: { [queue]: { instanceTypes: ['g6.2xlarge', 'g6.xlarge'] } }, stages: { train: { vcpus: 8 } } }),
      ).toThrow(new RegExp(`g6\\.xlarge in queues\\.${queue}\\.instanceTypes`));
  });

  it('fits every instance that Batch may start, or is refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KNOWN_FAMILIES.filter((family) => offersOf(family).every(({ arm }) => !arm))),
        fc.integer({ min: 512, max: 70_000 }),
        fc.integer({ min: 1, max: 16 }),
        (family, memoryMiB, vcpus) => {
          const fitsAll = offersOf(family).every((offer) => offer.vcpus >= vcpus && offer.memoryMiB * 0.9 >= memoryMiB);
          const check = checked({
            queues: { 'cpu-benchmark': { instanceTypes: [family], maxvCpus: 64 } },
            stages: { benchmark: { memoryMiB, vcpus } },
          });
          if (fitsAll) expect(check).not.toThrow();
          else expect(check).toThrow(new RegExp(`stages\\.benchmark .*${family} in queues\\.cpu-benchmark\\.instanceTypes`));
        },
      ),
    );
  });

  it('never asks for more vCPUs than its queue may have', () => {
    expect(
      checked({
        queues: { 'cpu-benchmark': { maxvCpus: 4, instanceTypes: ['c6i.2xlarge'] } },
        stages: { benchmark: { vcpus: 8 } },
      }),
    ).toThrow(/stages\.benchmark\.vcpus is 8, but queues\.cpu-benchmark\.maxvCpus is 4/);
  });

  it('is also a rehearsal, whose size nobody configures', () => {
    const stages = Object.fromEntries(
      ['ingest', 'prepare', 'export', 'parity', 'quantize', 'bundle'].map((stage) => [stage, { vcpus: 1, memoryMiB: 512 }]),
    );
    expect(checked({ stages, queues: { 'cpu-on-demand': { instanceTypes: ['c6i.large'] } } })).toThrow(
      /the rehearsal restore asks for 2 vCPUs .* c6i\.large in queues\.cpu-on-demand\.instanceTypes may be an instance of 2 vCPUs, 3686 MiB/,
    );
  });

  it('takes four GPUs of one host, on the same ladder', () => {
    expect(checked({ queues: LARGE_LADDER, stages: { train: FOUR_GPUS } })).not.toThrow();
    // A family brings its small sizes along: the sizes have to be named.
    expect(
      checked({ queues: { ...LARGE_LADDER, 'gpu-spot-any': { ...LARGE, instanceTypes: ['g6'] } }, stages: { train: FOUR_GPUS } }),
    ).toThrow(
      /4 GPUs \(gpus\), but g6 in queues\.gpu-spot-any\.instanceTypes may be an instance of 4 vCPUs, 14745 MiB .* and 1 GPUs/,
    );
  });

  it('shares at least 2 GiB of memory between its processes in train, whatever is configured', () => {
    expect(checked({ stages: { train: { sharedMemoryMiB: 2048 } } })).not.toThrow();
    expect(checked({ stages: { train: { sharedMemoryMiB: 2047 } } })).toThrow(/stages\.train\.sharedMemoryMiB/);
    expect(checked({ stages: { export: { sharedMemoryMiB: 64 } } })).not.toThrow();
  });
});
