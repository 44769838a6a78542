/** The parts of a CycloneDX document that are looked at here; whatever else its writer put in goes through as it is. */
export type Component = {
  name: string;
  version?: string;
  purl?: string;
  'bom-ref'?: string;
  licenses?: { expression?: string; license?: { id?: string; name?: string } }[];
  [key: string]: unknown;
};

export type Sbom = {
  serialNumber?: string;
  specVersion: string;
  metadata: { timestamp?: string; component?: Component; [key: string]: unknown };
  components: Component[];
  [key: string]: unknown;
};

/** A package as locks and SBOMs name it. */
export const identity = ({ name, version = '' }: { name: string; version?: string | undefined }): string => `${name}@${version}`;
