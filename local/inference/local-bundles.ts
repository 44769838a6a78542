import { cpSync, globSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bundle, bundle as bundleSchema } from '../../functions/shared/contracts/bundle.ts';
import { DOT, tierFolder } from '../tier/paths.ts';

export type LocalBundle = { folder: string; bundle: Bundle };

/** What the demo downloaded, and what the local tier's releases bucket holds on disk. */
const PLACES = ['bundle/bundle.json', 'local/aws/objects/*/*/bundles/*/*/*/bundle.json'];

/** Undefined for a document that is no bundle's, of an earlier time perhaps. */
export const readBundle = (folder: string): LocalBundle | undefined => {
  try {
    return { folder, bundle: bundleSchema.parse(JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8'))) };
  } catch {
    return undefined;
  }
};

/** Every bundle on this machine, the newest first. One that lies in two places counts once. */
export const localBundles = (dot: string = DOT): LocalBundle[] => {
  const found = globSync(PLACES, { cwd: dot }).map((file) => readBundle(dirname(join(dot, file))));
  const byHash = new Map(found.flatMap((one) => (one ? [[one.bundle.bundleSha256, one]] : [])));
  return [...byHash.values()].sort((a, b) => b.bundle.createdAt.localeCompare(a.bundle.createdAt));
};

/** The newest bundle, and every other version of its model, the newest first; none where nothing was released here. */
export const newestModel = (bundles: readonly LocalBundle[]): LocalBundle[] => {
  const [newest] = bundles;
  return bundles.filter(({ bundle }) => bundle.tenant === newest?.bundle.tenant && bundle.name === newest.bundle.name);
};

/**
 * A folder `{version}/…` for each bundle, with the files that `bundle.json` names and no others: beside an object the local AWS keeps what it
 * knows of it. Answers the folder that holds them all. Files are linked, so that this costs nothing.
 */
export const layOut = (bundles: readonly LocalBundle[], to: string): string => {
  rmSync(to, { recursive: true, force: true });
  for (const { folder, bundle } of [...bundles].reverse()) {
    const version = join(to, String(bundle.version));
    rmSync(version, { recursive: true, force: true }); // of a tier that was reset, and numbered again
    for (const path of [...bundle.files.map((file) => file.path), 'bundle.json']) {
      mkdirSync(dirname(join(version, path)), { recursive: true });
      linkOrCopy(join(folder, path), join(version, path));
    }
  }
  return to;
};

const linkOrCopy = (from: string, to: string): void => {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to); // another file system
  }
};

/** Where `serve` lays bundles out. */
export const servingFolder = ({ bundle: { tenant, name } }: LocalBundle): string => join(tierFolder('serving'), tenant, name);
