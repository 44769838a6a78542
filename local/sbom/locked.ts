import { identity } from './sbom.ts';

/** The packages of a Python lock, those of every platform. */
export const lockedInRequirements = (lock: string): string[] =>
  [...lock.matchAll(/^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)/gm)].map(([, name = '', version = '']) => identity({ name, version }));

/** The crates of a Cargo.lock, those of every platform; what has no source is the workspace itself. */
export const lockedInCargo = (lock: string): string[] =>
  [...lock.matchAll(/^\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"\nsource = /gm)].map(([, name = '', version = '']) =>
    identity({ name, version }),
  );

type NpmPackage = { name?: string; version?: string; dev?: boolean; devDependencies?: Record<string, string> };
/** By the folder that a package lies in; the root is `''`. */
export type NpmLock = { packages: Record<string, NpmPackage>; [key: string]: unknown };

/** The lock without what only development installs. */
export const productionLock = ({ packages, ...rest }: NpmLock): NpmLock => {
  const { devDependencies: _, ...root } = packages[''] ?? {};
  const delivered = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  return { ...rest, packages: { '': root, ...Object.fromEntries(delivered) } };
};

/** The packages of an npm lock. */
export const lockedInNpm = ({ packages }: NpmLock): string[] => {
  const identities = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { name, version }]) => identity({ name: name ?? path.split('node_modules/').at(-1) ?? path, version }));
  return [...new Set(identities)]; // one version may lie in two folders
};
