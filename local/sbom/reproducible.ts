import { createHash } from 'node:crypto';
import type { Sbom } from './sbom.ts';

export type Subject = { name: string; version: string };

/**
 * The same document for the same lock and the same tools, whoever writes it and when: it is about `spotforge-{environment}`, carries no time, and
 * its serial number is a UUID (version 8, of its own making) over its content.
 */
export const reproducible = (sbom: Sbom, { name, version }: Subject): Sbom => {
  const { timestamp: _, component, ...metadata } = sbom.metadata;
  const { serialNumber: __, ...rest } = sbom;
  const subject = {
    ...(component?.['bom-ref'] !== undefined && { 'bom-ref': component['bom-ref'] }),
    type: 'application',
    name,
    version,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  const content = { ...rest, metadata: { ...metadata, component: subject } };
  return { ...content, serialNumber: `urn:uuid:${uuidOver(JSON.stringify(content))}` };
};

const uuidOver = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
};
