/**
 * What one instance offers, as far as placing our jobs needs it. EC2 sizes double regularly, so a family is its memory per vCPU and,
 * for accelerated ones, the sizes with their GPUs. Source: EC2 instance type pages, 2026-11.
 */
export type Offer = { vcpus: number; memoryMiB: number; gpus: number; arm: boolean };

const VCPUS: Record<string, number> = {
  medium: 1,
  large: 2,
  xlarge: 4,
  '2xlarge': 8,
  '4xlarge': 16,
  '8xlarge': 32,
  '12xlarge': 48,
  '16xlarge': 64,
};

/** A job of one GPU fits each of these; the 12xlarge carries four. */
const ONE_GPU_MOSTLY: Record<string, number> = {
  xlarge: 1,
  '2xlarge': 1,
  '4xlarge': 1,
  '8xlarge': 1,
  '12xlarge': 4,
  '16xlarge': 1,
};

const X86_SIZES = Object.keys(VCPUS).filter((size) => size !== 'medium');

const FAMILIES: Record<string, { gibPerVcpu: number; gpus?: Record<string, number>; arm?: true }> = {
  g4dn: { gibPerVcpu: 4, gpus: ONE_GPU_MOSTLY },
  g5: { gibPerVcpu: 4, gpus: ONE_GPU_MOSTLY },
  g6: { gibPerVcpu: 4, gpus: ONE_GPU_MOSTLY },
  g6e: { gibPerVcpu: 8, gpus: ONE_GPU_MOSTLY },
  c5: { gibPerVcpu: 2 },
  c6i: { gibPerVcpu: 2 },
  c7i: { gibPerVcpu: 2 },
  m5: { gibPerVcpu: 4 },
  m6a: { gibPerVcpu: 4 },
  m6i: { gibPerVcpu: 4 },
  m7i: { gibPerVcpu: 4 },
  r6i: { gibPerVcpu: 8 },
  c6g: { gibPerVcpu: 2, arm: true },
  c7g: { gibPerVcpu: 2, arm: true },
  m6g: { gibPerVcpu: 4, arm: true },
};

export const KNOWN_FAMILIES: readonly string[] = Object.keys(FAMILIES);

/** Every instance that Batch may start for an entry of `instanceTypes`: one for a type, all sizes for a family, none when unknown. */
export const offersOf = (entry: string): Offer[] => {
  const [familyName = '', size] = entry.split('.');
  const family = FAMILIES[familyName];
  if (!family) return [];
  const all = family.arm ? Object.keys(VCPUS) : X86_SIZES;
  const sizes = size === undefined ? (family.gpus ? Object.keys(family.gpus) : all) : all.filter((each) => each === size);
  return sizes.flatMap((each) => {
    const vcpus = VCPUS[each];
    const gpus = family.gpus?.[each] ?? 0;
    if (vcpus === undefined || (family.gpus && gpus === 0)) return [];
    return [{ vcpus, memoryMiB: vcpus * family.gibPerVcpu * 1024, gpus, arm: family.arm ?? false }];
  });
};
