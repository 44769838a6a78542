import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../../functions/shared/table/table.ts';

type Item = Record<string, unknown>;
type Names = Record<string, string>;
/** The parts of a request that the stores make use of. */
type Request = {
  Key?: Item;
  Item?: Item;
  IndexName?: string;
  Limit?: number;
  ConditionExpression?: string;
  UpdateExpression?: string;
  KeyConditionExpression?: string;
  ExpressionAttributeNames?: Names;
  ExpressionAttributeValues?: Item;
  TransactItems?: { Put?: Request; Update?: Request }[];
};

const TOKEN = /\(|\)|,|<>|<|=|[#:]?\w+/g;

/** Whether an item (undefined: there is none) fulfils a condition expression, of the grammar's parts that the stores use. */
const fulfils = (
  expression: string,
  item: Item | undefined,
  { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }: Request,
) => {
  const tokens = expression.match(TOKEN) ?? [];
  let place = 0;
  const take = (): string => tokens[place++] ?? '';
  const takeIf = (...wanted: string[]): boolean => {
    const found = wanted.includes((tokens[place] ?? '').toUpperCase());
    if (found) place++;
    return found;
  };
  const read = (token: string): unknown =>
    token.startsWith(':') ? ExpressionAttributeValues[token] : item?.[ExpressionAttributeNames[token] ?? token];
  const called = (name: string): boolean => {
    take();
    const value = read(take());
    const argument = takeIf(',') ? read(take()) : undefined;
    take();
    if (name === 'attribute_exists') return value !== undefined;
    if (name === 'attribute_not_exists') return value === undefined;
    if (name === 'begins_with') return String(value ?? '').startsWith(String(argument));
    throw new Error(`${name} is not played`);
  };
  const term = (): boolean => {
    if (takeIf('(')) {
      const inner = either();
      take();
      return inner;
    }
    const left = take();
    if (tokens[place] === '(') return called(left);
    const operator = take();
    const [a, b] = [read(left), read(take())];
    if (operator === '=') return a === b;
    if (operator === '<>') return a !== b;
    if (operator === '<') return a !== undefined && (a as string) < (b as string);
    throw new Error(`${operator} is not played`);
  };
  // Both sides are read whatever the first one says: the place has to move on.
  const both = (): boolean => {
    let holds = term();
    while (takeIf('AND')) holds = term() && holds;
    return holds;
  };
  const either = (): boolean => {
    let holds = both();
    while (takeIf('OR')) holds = both() || holds;
    return holds;
  };
  return either();
};

const updated = (
  item: Item,
  { UpdateExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {}, Key }: Request,
) => {
  const result = { ...item, ...Key };
  const [sets = '', removes = ''] = UpdateExpression.split(/\s*REMOVE\s+/);
  for (const assignment of sets
    .replace(/^SET\s+/, '')
    .split(', ')
    .filter(Boolean)) {
    const [name = '', value = ''] = assignment.split(' = ');
    result[ExpressionAttributeNames[name] ?? name] = ExpressionAttributeValues[value];
  }
  for (const name of removes.split(', ').filter(Boolean)) delete result[ExpressionAttributeNames[name] ?? name];
  return result;
};

const failure = (name: string, more: object = {}): Error => Object.assign(new Error(name), { name, ...more });

/** `call` decides when a request has its effect, and may keep it from having one. */
export type Gate = <T>(what: string, effect: () => T) => Promise<T>;

/**
 * A table in memory for tests that try thousands of orders of requests: with real conditions, transactions and indexes, for what the stores
 * ask for. `memory-table.test.ts` holds it against the emulator's.
 * @param written is told every item that was written
 */
export const memoryTable = (call: Gate = async (_what, effect) => effect(), written: (item: Item) => void = () => {}): Table => {
  const items = new Map<string, Item>();
  const keyOf = ({ pk, sk }: Item): string => `${String(pk)}|${String(sk)}`;
  const holds = (request: Request): boolean =>
    request.ConditionExpression === undefined ||
    fulfils(request.ConditionExpression, items.get(keyOf(request.Item ?? request.Key ?? {})), request);
  const write = (request: Request): void => {
    const item = request.Item ?? updated(items.get(keyOf(request.Key ?? {})) ?? {}, request);
    items.set(keyOf(item), item);
    written(item);
  };
  const writeIf = (request: Request): object => {
    if (!holds(request)) throw failure('ConditionalCheckFailedException');
    write(request);
    return {};
  };
  const commands: Record<string, (request: Request) => object> = {
    GetCommand: ({ Key = {} }) => {
      const item = items.get(keyOf(Key));
      return item ? { Item: { ...item } } : {};
    },
    PutCommand: writeIf,
    UpdateCommand: writeIf,
    TransactWriteCommand: ({ TransactItems = [] }) => {
      const requests = TransactItems.map(({ Put, Update }) => Put ?? Update ?? {});
      const CancellationReasons = requests.map((request) => ({ Code: holds(request) ? 'None' : 'ConditionalCheckFailed' }));
      if (CancellationReasons.some(({ Code }) => Code !== 'None'))
        throw failure('TransactionCanceledException', { CancellationReasons });
      requests.forEach(write);
      return {};
    },
    QueryCommand: (request) => {
      const sortKey = request.IndexName === undefined ? 'sk' : `${request.IndexName}sk`;
      const found = [...items.values()]
        .filter((item) => fulfils(request.KeyConditionExpression ?? '', item, request))
        .sort((a, b) => (String(a[sortKey]) < String(b[sortKey]) ? -1 : 1));
      return { Items: found.slice(0, request.Limit).map((item) => ({ ...item })) };
    },
  };
  const send = (command: { constructor: { name: string }; input: Request }): Promise<object> => {
    const { name } = command.constructor;
    const answer = commands[name];
    if (!answer) throw new Error(`${name} is not played`);
    return call(name, () => answer(command.input));
  };
  return { client: { send } as unknown as DynamoDBDocumentClient, table: 'memory' };
};
