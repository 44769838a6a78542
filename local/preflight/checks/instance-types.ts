import type { QueueName } from '../../../lib/config/queues.ts';
import { awsCommand, type Place } from '../../deployment/place.ts';
import { stoppedStages } from '../dead-queues.ts';
import { type Finding, finding } from '../finding.ts';
import type { Needs } from '../needs.ts';
import { usedZones, type Zones } from './zones.ts';

/** Zone → instance types that EC2 offers there, among those that queues name. */
export type Offerings = Readonly<Record<string, readonly string[]>>;

/** An entry of `instanceTypes` is a type, or a family that stands for each of its sizes. */
const isOffered = (entry: string, types: readonly string[]): boolean =>
  types.some((type) => type === entry || type.startsWith(`${entry}.`));

/**
 * Offerings against the types of the queues. Batch refuses a compute environment that names a type which its region does not have
 * ("Instance type can only be one of […]"); a type that only the zones in use lack is one less to choose from.
 */
export const judgeInstanceTypes = (
  { zones, offerings }: { zones: Zones; offerings: Offerings },
  needs: Needs,
  place: Place,
): Finding[] => {
  const used = usedZones(zones, needs);
  const here = used.flatMap((zone) => offerings[zone] ?? []);
  const region = Object.values(offerings).flat();
  const unknown = needs.queues.flatMap(({ name, instanceTypes }) =>
    instanceTypes.filter((entry) => !isOffered(entry, region)).map((entry) => ({ name, entry })),
  );
  const dead = new Set<QueueName>(
    needs.queues.flatMap(({ name, instanceTypes }) => (instanceTypes.some((entry) => isOffered(entry, here)) ? [] : [name])),
  );
  const show = (entry: string): string =>
    awsCommand(
      `ec2 describe-instance-type-offerings --location-type availability-zone --filters "Name=instance-type,Values=${entry.includes('.') ? entry : `${entry}.*`}"`,
      place,
    );
  const findings = [
    ...unknown.map(({ name, entry }) =>
      finding(
        'blocks',
        `${place.region} does not offer ${entry}: Batch refuses the environment of ${name}. Take it out of queues.${name}.instanceTypes, or choose another region.`,
        show(entry),
      ),
    ),
    ...[...dead].filter((name) => !unknown.some((each) => each.name === name)).map((name) => deadQueue(name, dead, used, needs)),
    ...needs.queues.flatMap(({ name, instanceTypes }) =>
      dead.has(name)
        ? []
        : instanceTypes
            .filter((entry) => isOffered(entry, region) && !isOffered(entry, here))
            .map((entry) =>
              finding('note', `None of ${used.join(', ')} offers ${entry}; ${name} goes on with its other types.`, show(entry)),
            ),
    ),
  ];
  const types = new Set(needs.queues.flatMap(({ instanceTypes }) => instanceTypes)).size;
  return findings.length > 0
    ? findings
    : [finding('ok', `all ${types} types and families of the queues are offered in ${used.join(', ')}`)];
};

const deadQueue = (name: QueueName, dead: ReadonlySet<QueueName>, used: readonly string[], needs: Needs): Finding => {
  const stopped = stoppedStages(needs, dead).filter((stage) => needs.ladders[stage]?.includes(name));
  const says = `None of ${used.join(', ')} offers any type of ${name}`;
  return stopped.length > 0
    ? finding(
        'blocks',
        `${says}, and no other queue is left for ${stopped.join(', ')}. Change queues.${name}.instanceTypes, or raise availabilityZones.`,
      )
    : finding(
        'degrades',
        `${says}: its jobs go on to the next queue of their ladder. Change queues.${name}.instanceTypes, or raise availabilityZones.`,
      );
};
