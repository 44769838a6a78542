import { createHash } from 'node:crypto';
import { TypeID } from 'typeid-js';

/** The id of a tenant's upload follows from its content, so that the same files are the same upload however often they are declared. */
export const uploadIdOf = (tenant: string, treeSha256: string): string =>
  TypeID.fromUUIDBytes('upl', createHash('sha256').update(`${tenant}\n${treeSha256}`).digest().subarray(0, 16)).toString();
