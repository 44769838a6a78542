import type { PRECISIONS } from '../../functions/shared/contracts/experiment-spec.ts';
import type { Deployment } from './deployment.ts';
import { isGpuQueue, type LadderQueue } from './queues.ts';

type Precision = (typeof PRECISIONS)[number];

/**
 * What a family does not compute in. The T4 of a g4dn (compute capability 7.5) has no bfloat16, which came with 8.0: CUDA C++ Programming
 * Guide, arithmetic of compute capabilities. What is not here has all of them.
 */
const LACKS: Record<string, readonly Precision[]> = { g4dn: ['bfloat16'] };

/** A training without a GPU: PyTorch's autocast on a CPU takes bfloat16, and no backward pass of every operator in float16. */
const LACKS_ON_CPU: readonly Precision[] = ['float16'];

const lacking = (deployment: Deployment, queue: LadderQueue, precision: Precision): string | undefined => {
  if (!isGpuQueue(queue)) return LACKS_ON_CPU.includes(precision) ? 'a CPU' : undefined;
  const families = deployment.queues[queue].instanceTypes.map((entry) => entry.split('.')[0] ?? '');
  return families.find((family) => LACKS[family]?.includes(precision));
};

type Limits = Record<string, Partial<Record<Precision, string>>>;

/** Profile → a precision that not every rung of its training has → the first rung without it. In words, and short: it goes into a function's environment. */
export const precisionLimits = (deployment: Deployment): Limits =>
  Object.fromEntries(
    Object.entries(deployment.profiles).map(([profile, { train }]) => [
      profile,
      Object.fromEntries(
        (['bfloat16', 'float16'] as const).flatMap((precision) =>
          train
            .map((queue, rung) => ({ queue, rung, family: lacking(deployment, queue, precision) }))
            .filter(({ family }) => family !== undefined)
            .slice(0, 1)
            .map(({ queue, rung, family }) => [precision, `rung ${rung + 1} (${queue}, ${family})`]),
        ),
      ),
    ]),
  );
