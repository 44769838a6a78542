import * as z from 'zod';
import { STAGES } from './names.ts';

export const SCHEMA_VERSION = 1;
export const schemaVersion = z.literal(SCHEMA_VERSION);

const typeId = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`), `expected ${what}: ${prefix}_ and 26 lower-case characters`);

export const experimentId = typeId('exp', 'an experiment id');
export const uploadId = typeId('upl', 'an upload id');
export const preparationId = typeId('dsv', 'the id of a dataset version that is being prepared');

const NAME_RULE = 'expected 2 to 31 of a-z, 0-9 and -, starting with a letter';
export const name = z.string().regex(/^[a-z][a-z0-9-]{1,30}$/, NAME_RULE);
export const tenant = z.string().regex(/^[a-z][a-z0-9]{1,30}$/, 'expected 2 to 31 of a-z and 0-9, starting with a letter');
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in 64 lower-case hexadecimal characters');
export const datasetVersionId = z.string().regex(/^[0-9a-f]{16}$/, 'expected the first 16 hexadecimal characters of a tree hash');
/** A version of a dataset as its user names it: by what is in it, or by its preparation. */
export const versionReference = z
  .string()
  .regex(
    /^([0-9a-f]{16}|dsv_[0-9a-hjkmnp-tv-z]{26})$/,
    'expected a version of 16 hexadecimal characters, or the dsv_ id it was prepared under',
  );
export const gitSha = z.string().regex(/^([0-9a-f]{40}|unknown)$/, 'expected a git commit id');
export const s3Uri = z.string().regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+$/, 'expected s3://bucket/key');
export const instant = z.iso.datetime({ precision: 3 }).describe('UTC with milliseconds');
export const stage = z.enum(STAGES);
export const positiveInteger = z.int().min(1);
export const count = z.int().min(0);

/** A relative path that stays inside its folder. */
export const relativePath = z
  .string()
  .min(1)
  .max(512)
  .regex(
    /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))(?!.*\/\/)[A-Za-z0-9._/ -]*[A-Za-z0-9._-]$/,
    'expected a relative path of letters, digits, . _ - and /',
  );
