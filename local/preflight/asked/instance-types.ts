import { type EC2Client, paginateDescribeInstanceTypeOfferings } from '@aws-sdk/client-ec2';
import type { Offerings } from '../checks/instance-types.ts';

/** `entries` are types and families, as the queues name them. */
export const askOfferings = async (client: EC2Client, entries: readonly string[]): Promise<Offerings> => {
  const Values = [...new Set(entries)].map((entry) => (entry.includes('.') ? entry : `${entry}.*`));
  const offerings: Record<string, string[]> = {};
  const query = { LocationType: 'availability-zone' as const, Filters: [{ Name: 'instance-type', Values }] };
  for await (const { InstanceTypeOfferings = [] } of paginateDescribeInstanceTypeOfferings({ client }, query)) {
    for (const { Location, InstanceType } of InstanceTypeOfferings) {
      if (Location === undefined || InstanceType === undefined) continue;
      offerings[Location] = [...(offerings[Location] ?? []), InstanceType];
    }
  }
  return offerings;
};
