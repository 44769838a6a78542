import { type IAMClient, paginateListRoles } from '@aws-sdk/client-iam';
import { SERVICE_LINKED_ROLES, type ServiceLinkedRole } from '../checks/service-linked-roles.ts';

const isWanted = (name: string | undefined): name is ServiceLinkedRole => name !== undefined && name in SERVICE_LINKED_ROLES;

export const askServiceLinkedRoles = async (client: IAMClient): Promise<Set<ServiceLinkedRole>> => {
  const there = new Set<ServiceLinkedRole>();
  for await (const { Roles = [] } of paginateListRoles({ client }, { PathPrefix: '/aws-service-role/' })) {
    for (const { RoleName } of Roles) if (isWanted(RoleName)) there.add(RoleName);
  }
  return there;
};
