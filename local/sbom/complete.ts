import { identity, type Sbom } from './sbom.ts';

/** Packages that the lock names and the document does not, or not with the address of a package (purl) or its version. */
export const missingFrom = ({ components }: Sbom, locked: readonly string[]): string[] => {
  const listed = new Set(components.filter(({ purl, version }) => purl && version).map(identity));
  return locked.filter((one) => !listed.has(one));
};
