import { createHash } from 'node:crypto';

/** A tenant's share of a fair-share queue. Batch wants letters and digits only, and names need not be guessable from its console. */
export const shareIdentifier = (tenant: string): string => createHash('sha256').update(tenant).digest('hex').slice(0, 32);
