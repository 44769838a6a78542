import { isDeepStrictEqual } from 'node:util';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { isNamed } from '../aws-errors.ts';
import type { Table } from '../table/table.ts';
import type { Item } from './migrations.ts';

/** Sets and removes what differs between the two, under the condition that everything that was read is still so. */
const updateOf = (table: string, before: Item, after: Item): UpdateCommandInput => {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const place = new Map(names.map((name, index) => [name, index]));
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const set = changed.filter((name) => name in after).map((name) => `#${place.get(name)} = :new${place.get(name)}`);
  const removed = changed.filter((name) => !(name in after)).map((name) => `#${place.get(name)}`);
  const asRead = names.map((name) =>
    name in before ? `#${place.get(name)} = :old${place.get(name)}` : `attribute_not_exists(#${place.get(name)})`,
  );
  const values = [
    ...Object.entries(before).map(([name, value]) => [`:old${place.get(name)}`, value]),
    ...changed.filter((name) => name in after).map((name) => [`:new${place.get(name)}`, after[name]]),
  ];
  return {
    TableName: table,
    Key: { pk: before.pk, sk: before.sk },
    UpdateExpression: [
      ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
      ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: asRead.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${place.get(name)}`, name])),
    ExpressionAttributeValues: Object.fromEntries(values),
  };
};

/** @returns false when somebody changed the item after it was read: nothing was written */
export const writeIfUnchanged = async ({ client, table }: Table, before: Item, after: Item): Promise<boolean> => {
  try {
    await client.send(new UpdateCommand(updateOf(table, before, after)));
    return true;
  } catch (error) {
    if (isNamed(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
};
