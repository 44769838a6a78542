import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Where an entity lies. Entities share one table; each is built for a client and the table's name. */
export type Table = { client: DynamoDBDocumentClient; table: string };

export const INDEXES = {
  newestOfTenant: 'gsi1',
  newestOfTenantByStatus: 'gsi2',
  active: 'gsi3',
} as const;

export const SERVICE = 'spotforge';

/** Keys keep the case they have. Ids come from alphabets without `#`, so that no value can forge a key. */
export const none = { casing: 'none' } as const;
