import * as z from 'zod';
import { STAGES } from './names.ts';

export const SCHEMA_VERSION = 1;
export const schemaVersion = z.literal(SCHEMA_VERSION);

const typeId = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`), `expected ${what}: ${prefix}_ and 26 lower-case characters`);

export const experimentId = typeId('exp', 'an experiment id');
export const uploadId = typeId('upl', 'an upload id');

const NAME_RULE = 'expected 2 to 31 of a-z, 0-9 and -, starting with a letter';
export const name = z.string().regex(/^[a-z][a-z0-9-]{1,30}$/, NAME_RULE);
export const tenant = z.string().regex(/^[a-z][a-z0-9]{1,30}$/, 'expected 2 to 31 of a-z and 0-9, starting with a letter');
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in 64 lower-case hexadecimal characters');
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
