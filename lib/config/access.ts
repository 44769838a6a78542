import type { Deployment } from './deployment.ts';

/** What contradicts itself about who may call the API, and where. */
export const accessProblems = ({ domain, edge, identity, machineClients, tenant }: Deployment): string[] => [
  ...(edge && !domain
    ? [
        'edge needs domain: CloudFront answers under a name of yours, and the address that AWS gives the API has to be switched off. Set domain or remove edge.',
      ]
    : []),
  ...(identity.external && Object.keys(machineClients).length > 0
    ? [
        'machineClients are clients of the own user pool, but identity.external replaces that pool. Register the machines with the external provider, with an ID token’s claims, or remove one of the two.',
      ]
    : []),
  ...Object.entries(machineClients).flatMap(([name, client]) => [
    ...client.groups
      .filter((group) => !identity.groups.includes(group))
      .map(
        (group) =>
          `machineClients.${name}.groups names ${group}, which is none of identity.groups (${identity.groups.join(', ')}). Add it there or remove it here.`,
      ),
    ...(tenant !== undefined && client.tenant !== tenant
      ? [
          `machineClients.${name}.tenant is ${client.tenant}, but this deployment serves ${tenant} only (tenant). Its calls would all be refused.`,
        ]
      : []),
  ]),
];
