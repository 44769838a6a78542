import type { Requirements } from '../state/job-record.ts';

/**
 * What one instance of a type offers. vCPUs and memory follow EC2's regular naming (a size doubles the one before it); only the
 * ratio of a family and its accelerators are written down. Source: EC2 instance type pages, 2026.
 */
interface Family {
  gibPerVcpu: number;
  gpus?: Record<string, number>;
  sizes: readonly string[];
}

const VCPUS_BY_SIZE: Record<string, number> = {
  large: 2,
  xlarge: 4,
  '2xlarge': 8,
  '3xlarge': 12,
  '4xlarge': 16,
  '8xlarge': 32,
  '9xlarge': 36,
  '12xlarge': 48,
  '16xlarge': 64,
  '18xlarge': 72,
  '24xlarge': 96,
  '32xlarge': 128,
  '48xlarge': 192,
};

const GENERAL = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge', '24xlarge'];
const GPU_SMALL = ['xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge', '24xlarge', '48xlarge'];
const L4_LIKE = {
  xlarge: 1,
  '2xlarge': 1,
  '4xlarge': 1,
  '8xlarge': 1,
  '12xlarge': 4,
  '16xlarge': 1,
  '24xlarge': 4,
  '48xlarge': 8,
};

const FAMILIES: Record<string, Family> = {
  g4dn: {
    gibPerVcpu: 4,
    sizes: ['xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge'],
    gpus: { xlarge: 1, '2xlarge': 1, '4xlarge': 1, '8xlarge': 1, '12xlarge': 4, '16xlarge': 1 },
  },
  g5: { gibPerVcpu: 4, sizes: GPU_SMALL, gpus: L4_LIKE },
  g6: { gibPerVcpu: 4, sizes: GPU_SMALL, gpus: L4_LIKE },
  g6e: { gibPerVcpu: 8, sizes: GPU_SMALL, gpus: L4_LIKE },
  gr6: { gibPerVcpu: 8, sizes: ['4xlarge', '8xlarge'], gpus: { '4xlarge': 1, '8xlarge': 1 } },
  p3: { gibPerVcpu: 7.625, sizes: ['2xlarge', '8xlarge', '16xlarge'], gpus: { '2xlarge': 1, '8xlarge': 4, '16xlarge': 8 } },
  p4d: { gibPerVcpu: 12, sizes: ['24xlarge'], gpus: { '24xlarge': 8 } },
  p5: { gibPerVcpu: 10.67, sizes: ['48xlarge'], gpus: { '48xlarge': 8 } },
  c5: { gibPerVcpu: 2, sizes: ['large', 'xlarge', '2xlarge', '4xlarge', '9xlarge', '12xlarge', '18xlarge', '24xlarge'] },
};
/** c: 2 GiB per vCPU, m: 4, r: 8, whatever the generation and maker behind the letter. */
const REGULAR: Record<string, number> = { c: 2, m: 4, r: 8 };

/** The agent and the kernel keep a part of an instance's memory: about 4.5 % on the machines measured by ECS's users. */
const USABLE_MEMORY = 0.95;
/** Batch's `optimal` chooses among the families c, m and r. */
const OPTIMAL = ['c6i', 'm6i', 'r6i'];

const familyOf = (name: string): Family | undefined => {
  const known = FAMILIES[name];
  if (known) return known;
  const ratio = /^[cmr]\d/.test(name) ? REGULAR[name.charAt(0)] : undefined;
  return ratio === undefined ? undefined : { gibPerVcpu: ratio, sizes: GENERAL };
};

/** Every instance a compute environment may start for one of its `instanceTypes` entries: a type, a family, `optimal`. */
export function offersOf(entry: string): Requirements[] {
  if (entry === 'optimal' || entry.startsWith('default_')) return OPTIMAL.flatMap(offersOf);
  const [name = '', size] = entry.split('.');
  const family = familyOf(name);
  if (!family) return [];
  return (size === undefined ? family.sizes : [size]).flatMap((each) => {
    const vcpus = VCPUS_BY_SIZE[each];
    if (vcpus === undefined) return [];
    return [{ vcpus, memory: Math.floor(vcpus * family.gibPerVcpu * 1024 * USABLE_MEMORY), gpus: family.gpus?.[each] ?? 0 }];
  });
}

/** Whether any instance of the list can hold the job. A list with only unknown types holds everything that needs no GPU. */
export function someInstanceHolds(instanceTypes: readonly string[], needs: Requirements): boolean {
  const offers = instanceTypes.flatMap(offersOf);
  if (offers.length === 0) return needs.gpus === 0;
  return offers.some((offer) => offer.vcpus >= needs.vcpus && offer.memory >= needs.memory && offer.gpus >= needs.gpus);
}
