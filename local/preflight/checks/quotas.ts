import type { QueueName } from '../../../lib/config/queues.ts';
import { awsCommand, type Place } from '../../deployment/place.ts';
import { stoppedStages } from '../dead-queues.ts';
import { type Finding, finding } from '../finding.ts';
import type { Needs, QueueNeed } from '../needs.ts';

/** vCPUs of instances that run at the same time, by letters of their families: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html */
export const QUOTAS = {
  'L-DB2E81BA': { name: 'Running On-Demand G and VT instances', pricing: 'on-demand', families: ['g', 'gr', 'vt'] },
  'L-3819A6DF': { name: 'All G and VT Spot Instance Requests', pricing: 'spot', families: ['g', 'gr', 'vt'] },
  'L-1216C47A': {
    name: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
    pricing: 'on-demand',
    families: [...'acdhimrtz', 'im', 'is'],
  },
  'L-34B43A08': {
    name: 'All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests',
    pricing: 'spot',
    families: [...'acdhimrtz', 'im', 'is'],
  },
} as const satisfies Record<string, { name: string; pricing: QueueNeed['pricing']; families: readonly string[] }>;
export type QuotaCode = keyof typeof QUOTAS;

export type Quotas = Readonly<Record<QuotaCode, number>>;

const lettersOf = (instanceType: string): string => /^[a-z]+/.exec(instanceType)?.[0] ?? '';

const falls = (code: QuotaCode, { pricing, instanceTypes }: QueueNeed): boolean => {
  const families: readonly string[] = QUOTAS[code].families;
  return QUOTAS[code].pricing === pricing && instanceTypes.some((type) => families.includes(lettersOf(type)));
};

const codes = Object.keys(QUOTAS) as QuotaCode[];

/** Queues of which not even the smallest instance fits into any of their quotas. */
const deadQueues = (quotas: Quotas, { queues }: Needs): Set<QueueName> =>
  new Set(
    queues.flatMap((queue) => {
      const own = codes.filter((code) => falls(code, queue));
      return own.length > 0 && own.every((code) => quotas[code] < queue.leastvCpus) ? [queue.name] : [];
    }),
  );

const list = (names: readonly string[]): string => names.join(', ');

/** Quotas against the most that the queues may start at the same time. */
export const judgeQuotas = (quotas: Quotas, needs: Needs, place: Place): Finding[] => {
  const dead = deadQueues(quotas, needs);
  const stopped = stoppedStages(needs, dead);
  return codes.flatMap((code): Finding[] => {
    const queues = needs.queues.filter((queue) => falls(code, queue));
    const wanted = queues.reduce((sum, { maxvCpus }) => sum + maxvCpus, 0);
    const value = quotas[code];
    const subject = `${QUOTAS[code].name} (${code}): ${value} vCPUs`;
    const names = list(queues.map(({ name }) => name));
    if (wanted === 0) return [];
    if (value >= wanted) return [finding('ok', `${subject}, ${wanted} wanted by ${names}`)];
    const todo = [
      awsCommand(
        `service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${wanted}`,
        place,
      ),
      `https://${place.region}.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/${code}`,
    ];
    const deadHere = queues.filter(({ name }) => dead.has(name)).map(({ name }) => name);
    const stoppedHere = stopped.filter((stage) => deadHere.some((name) => needs.ladders[stage]?.includes(name)));
    if (stoppedHere.length > 0) {
      return [
        finding(
          'blocks',
          `${subject}, too few for a single instance of ${list(deadHere)}, and no other queue is left for ${list(stoppedHere)}.`,
          ...todo,
        ),
      ];
    }
    return deadHere.length > 0
      ? [
          finding(
            'degrades',
            `${subject}, too few for a single instance of ${list(deadHere)}: their jobs go on to the next queue of their ladder.`,
            ...todo,
          ),
        ]
      : [
          finding(
            'degrades',
            `${subject}, but ${names} may start ${wanted}: jobs beyond that wait. Raise it, or lower queues.*.maxvCpus.`,
            ...todo,
          ),
        ];
  });
};
