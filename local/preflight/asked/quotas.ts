import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { QUOTAS, type QuotaCode, type Quotas } from '../checks/quotas.ts';

/** Where nothing was ever applied to an account, Service Quotas knows only the default. */
const quotaOf = async (client: ServiceQuotasClient, QuotaCode: QuotaCode): Promise<number> => {
  const query = { ServiceCode: 'ec2', QuotaCode };
  const { Quota } = await client.send(new GetServiceQuotaCommand(query)).catch((error: Error) => {
    if (error.name === 'NoSuchResourceException') return client.send(new GetAWSDefaultServiceQuotaCommand(query));
    throw error;
  });
  if (Quota?.Value === undefined) throw new Error(`Service Quotas answers without a value for ${QuotaCode}`);
  return Quota.Value;
};

/** What applies to the account, in vCPUs. */
export const askQuotas = async (client: ServiceQuotasClient): Promise<Quotas> => {
  const codes = Object.keys(QUOTAS) as QuotaCode[];
  const values = await Promise.all(codes.map(async (code) => [code, await quotaOf(client, code)] as const));
  return Object.fromEntries(values) as Quotas;
};
