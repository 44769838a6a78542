import { awsCommand, type Place } from '../../deployment/place.ts';
import { type Finding, finding, type Severity } from '../finding.ts';

/**
 * Roles through which AWS works for the deployment. EC2 asks to make the one for spot before the first request through an API
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html); the others are made by the service
 * that uses them first, if whoever deploys may create service-linked roles. Spot Fleet's is for BEST_FIT environments, which these are not.
 */
export const SERVICE_LINKED_ROLES = {
  AWSServiceRoleForEC2Spot: {
    service: 'spot.amazonaws.com',
    missing: 'degrades',
    says: 'spot instances may not start, and their jobs wait',
  },
  AWSServiceRoleForBatch: {
    service: 'batch.amazonaws.com',
    missing: 'note',
    says: 'Batch makes it with the first compute environment',
  },
  AWSServiceRoleForECS: { service: 'ecs.amazonaws.com', missing: 'note', says: 'ECS makes it with the first cluster' },
  AWSServiceRoleForAutoScaling: {
    service: 'autoscaling.amazonaws.com',
    missing: 'note',
    says: 'Auto Scaling makes it with the first group',
  },
} as const satisfies Record<string, { service: string; missing: Severity; says: string }>;
export type ServiceLinkedRole = keyof typeof SERVICE_LINKED_ROLES;

export const judgeServiceLinkedRoles = (there: ReadonlySet<ServiceLinkedRole>, place: Place): Finding[] => {
  const roles = Object.keys(SERVICE_LINKED_ROLES) as ServiceLinkedRole[];
  const missing = roles.filter((role) => !there.has(role));
  if (missing.length === 0) return [finding('ok', `${roles.length} service-linked roles are there`)];
  return missing.map((role) => {
    const { service, missing: severity, says } = SERVICE_LINKED_ROLES[role];
    return finding(
      severity,
      `${role} is missing: ${says}.`,
      awsCommand(`iam create-service-linked-role --aws-service-name ${service}`, place),
    );
  });
};
