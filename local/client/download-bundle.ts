import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bundle, bundle as bundleSchema } from '../../functions/shared/contracts/bundle.ts';
import { treeHash } from '../../functions/shared/contracts/tree-hash.ts';
import type { Api } from './api.ts';
import { sha256OfFile } from './file-hash.ts';

/** The bundle that came back is not the one that was published. */
export class BundleMismatch extends Error {
  override name = 'BundleMismatch';
}

/** Downloads an experiment's bundle into a fresh folder and verifies every file and the tree hash against `bundle.json`. */
export const downloadBundle = async (api: Api, experimentId: string, folder: string): Promise<Bundle> => {
  const artifacts = (await api.artifacts(experimentId)).filter(({ kind }) => kind === 'bundle');
  if (artifacts.length === 0) throw new BundleMismatch(`${experimentId} has no bundle among its artifacts`);
  rmSync(folder, { recursive: true, force: true });
  for (const { name, url } of artifacts) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new BundleMismatch(`${name} could not be downloaded: ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
  }
  return verifyBundle(folder);
};

/** Verifies a bundle's folder against its own `bundle.json`. */
export const verifyBundle = async (folder: string): Promise<Bundle> => {
  const bundle = bundleSchema.parse(JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8')));
  const found = await Promise.all(
    bundle.files.map(async ({ path }) => ({ path, sha256: await sha256OfFile(join(folder, path)) })),
  );
  for (const { path, sha256 } of found) {
    const expected = bundle.files.find((file) => file.path === path)?.sha256;
    if (sha256 !== expected) throw new BundleMismatch(`${path} has SHA-256 ${sha256}, bundle.json says ${expected}`);
  }
  const tree = treeHash(found);
  if (tree !== bundle.bundleSha256)
    throw new BundleMismatch(`The bundle's tree hash is ${tree}, bundle.json says ${bundle.bundleSha256}`);
  return bundle;
};
