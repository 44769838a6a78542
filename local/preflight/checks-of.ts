import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientOptions, type Place } from '../deployment/place.ts';
import { askBootstrapStack, askBootstrapVersion } from './asked/bootstrap.ts';
import { askImage } from './asked/images.ts';
import { askOfferings } from './asked/instance-types.ts';
import { askConcurrency } from './asked/lambda-concurrency.ts';
import { askQuotas } from './asked/quotas.ts';
import { askServiceLinkedRoles } from './asked/service-linked-roles.ts';
import { askZones } from './asked/zones.ts';
import type { Check } from './check.ts';
import { judgeBootstrapStack, judgeBootstrapVersion } from './checks/bootstrap.ts';
import { judgeImage } from './checks/images.ts';
import { judgeInstanceTypes } from './checks/instance-types.ts';
import { judgeConcurrency } from './checks/lambda-concurrency.ts';
import { judgeQuotas } from './checks/quotas.ts';
import { judgeServiceLinkedRoles } from './checks/service-linked-roles.ts';
import { judgeZones } from './checks/zones.ts';
import type { ImageNeed, Needs } from './needs.ts';

/** Everything that an account is asked about a deployment. Nothing is asked before a check runs. */
export const checksOf = (needs: Needs, place: Place, account: string): Check[] => {
  const options = clientOptions(place);
  const ec2 = new EC2Client(options);
  return [
    {
      name: 'quotas for instances',
      actions: ['servicequotas:GetServiceQuota', 'servicequotas:GetAWSDefaultServiceQuota'],
      findings: async () => judgeQuotas(await askQuotas(new ServiceQuotasClient(options)), needs, place),
    },
    {
      name: 'zones',
      actions: ['ec2:DescribeAvailabilityZones'],
      findings: async () => judgeZones(await askZones(ec2), needs, place),
    },
    {
      name: 'instance types',
      actions: ['ec2:DescribeAvailabilityZones', 'ec2:DescribeInstanceTypeOfferings'],
      findings: async () => {
        const entries = needs.queues.flatMap(({ instanceTypes }) => instanceTypes);
        const [zones, offerings] = await Promise.all([askZones(ec2), askOfferings(ec2, entries)]);
        return judgeInstanceTypes({ zones, offerings }, needs, place);
      },
    },
    {
      name: 'service-linked roles',
      actions: ['iam:ListRoles'],
      findings: async () => judgeServiceLinkedRoles(await askServiceLinkedRoles(new IAMClient(options)), place),
    },
    {
      name: 'Lambda concurrency',
      actions: ['lambda:GetAccountSettings'],
      findings: async () => judgeConcurrency(await askConcurrency(new LambdaClient(options)), needs, place),
    },
    ...needs.bootstrap.regions.flatMap((region) => bootstrapChecks(region, needs, place, account)),
    ...needs.images.map((need) => imageCheck(need, place, account)),
  ];
};

const bootstrapChecks = (region: string, { bootstrap }: Needs, place: Place, account: string): Check[] => {
  const there = { ...place, region };
  return [
    {
      name: `bootstrap version in ${region}`,
      actions: ['ssm:GetParameter'],
      findings: async () => {
        const version = await askBootstrapVersion(new SSMClient(clientOptions(there)), bootstrap.parameter);
        return [judgeBootstrapVersion(version, bootstrap.version, there, account)];
      },
    },
    {
      name: `bootstrap stack in ${region}`,
      actions: ['cloudformation:DescribeStacks'],
      findings: async () => [
        judgeBootstrapStack(await askBootstrapStack(new CloudFormationClient(clientOptions(there))), there, account),
      ],
    },
  ];
};

const imageCheck = (need: ImageNeed, place: Place, account: string): Check => ({
  name: `image ${need.uri}`,
  actions: ['ecr:DescribeImages'],
  findings: async () => [judgeImage(need, await askImage(need, place), place, account)],
});
