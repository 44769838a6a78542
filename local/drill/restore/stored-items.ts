import { isDeepStrictEqual } from 'node:util';
import { type AttributeValue, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';

/** An item as DynamoDB keeps it, keys and all. */
export type StoredItem = Record<string, AttributeValue>;

export const keyOf = ({ pk, sk }: StoredItem): string => `${pk?.S} ${sk?.S}`;

/** Every item of a table, by its key. */
export const itemsOf = async (dynamodb: DynamoDBClient, table: string): Promise<Map<string, StoredItem>> => {
  const items = new Map<string, StoredItem>();
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName: table, ConsistentRead: true }))
    for (const item of Items) items.set(keyOf(item), item);
  return items;
};

/** Keys of items that are in one of the two only, or not the same in both. */
export const differentItems = (one: ReadonlyMap<string, StoredItem>, other: ReadonlyMap<string, StoredItem>): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((key) => !isDeepStrictEqual(one.get(key), other.get(key)));
