import { lastSegment } from '../arns.ts';
import { ClientException } from '../errors.ts';
import type { Resources } from '../state/resources.ts';

type Table = Exclude<keyof Resources, 'jobDefinitions'>;

/** TypeScript cannot see by itself that `Resources[T]` is a record of its own values. */
const tableOf = <T extends Table>(resources: Resources, table: T) => resources[table] as Record<string, Resources[T][string]>;

/** A resource by its name or ARN. A full ARN must match exactly, so that a foreign account's is not found. */
function find<T extends Table>(resources: Resources, table: T, nameOrArn: string): Resources[T][string] | undefined {
  const records = tableOf(resources, table);
  if (nameOrArn.startsWith('arn:')) return records[nameOrArn];
  return Object.entries(records).find(([arn]) => lastSegment(arn) === nameOrArn)?.[1];
}

/** As `find`; unknown is a ClientException in AWS's words. */
export function mustFind<T extends Table>(resources: Resources, table: T, nameOrArn: string, kind: string): Resources[T][string] {
  const record = find(resources, table, nameOrArn);
  if (record === undefined) throw new ClientException(`${kind} ${nameOrArn} does not exist`);
  return record;
}

/** The named ones in the order asked, silently without the unknown, as AWS's Describe operations do; all when none are named. */
export function select<T extends Table>(
  resources: Resources,
  table: T,
  names: readonly string[] | undefined,
): Resources[T][string][] {
  if (!names || names.length === 0) return Object.values(tableOf(resources, table));
  return names.flatMap((name) => find(resources, table, name) ?? []);
}

/** One page of a list; the token is the index of the next entry. */
export function page<T>(
  all: readonly T[],
  request: { maxResults?: number | undefined; nextToken?: string | null | undefined },
  most: number,
): { items: T[]; nextToken?: string } {
  const token = request.nextToken ? Buffer.from(request.nextToken, 'base64url').toString() : '0';
  if (!/^\d+$/.test(token)) throw new ClientException('Invalid nextToken.');
  const from = Number(token);
  const to = from + Math.min(request.maxResults ?? most, most);
  const items = all.slice(from, to);
  return to < all.length ? { items, nextToken: Buffer.from(String(to)).toString('base64url') } : { items };
}
