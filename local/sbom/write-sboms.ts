/** `npm run sbom`: writes a CycloneDX document for each locked environment into `.spotforge/sbom/`. See docs/images.md. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runCommand } from '../tier/command-line.ts';
import { DOT, ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { missingFrom } from './complete.ts';
import { CARGO_ENVIRONMENTS, NPM_ENVIRONMENTS, NPM_LOCK, PYTHON_ENVIRONMENTS } from './environments.ts';
import { notPermissive } from './licences.ts';
import { reproducible } from './reproducible.ts';
import type { Sbom } from './sbom.ts';
import { cargoSbom } from './write-cargo.ts';
import { npmSbom } from './write-npm.ts';
import { pythonSbom } from './write-python.ts';

const FOLDER = join(DOT, 'sbom');
const VALIDATE = [join(ROOT, '.venv-audit/bin/python'), join(ROOT, 'local/sbom/validate.py')] as const;

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** Writes one document; its file. TierFailure when a locked package is not in it. */
const write = (environment: string, lock: string, { sbom, locked }: { sbom: Sbom; locked: string[] }): string => {
  const missing = missingFrom(sbom, locked);
  if (missing.length > 0)
    throw new TierFailure(`The SBOM of ${environment} lacks packages that ${lock} names: ${missing.slice(0, 5).join(', ')}.`);
  const file = join(FOLDER, `${environment}.cdx.json`);
  writeFileSync(file, `${JSON.stringify(reproducible(sbom, { name: `spotforge-${environment}`, version }), null, 2)}\n`);
  console.log(`${relative(ROOT, file).padEnd(48)} ${String(sbom.components.length).padStart(4)} packages  of ${lock}`);
  return file;
};

const python = (): string[] =>
  Object.entries(PYTHON_ENVIRONMENTS).map(([environment, lock]) => write(environment, lock, pythonSbom(lock)));

/** Their licences are held by cargo-deny, in `npm test`. */
const cargo = (): string[] =>
  Object.entries(CARGO_ENVIRONMENTS).map(([environment, lock]) => write(environment, lock, cargoSbom(lock)));

/** What is delivered to an account has to be under permissive licences. */
const npm = (): string[] =>
  NPM_ENVIRONMENTS.map((environment) => {
    const production = environment === 'functions';
    const made = npmSbom({ production });
    const others = notPermissive(made.sbom);
    if (production && others.length > 0)
      throw new TierFailure(`The Lambdas' bundles take packages that are under no permissive licence: ${others.join('; ')}.`);
    return write(environment, NPM_LOCK, made);
  });

await runCommand(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const files = [...python(), ...cargo(), ...npm()];
  const [program, ...args] = VALIDATE;
  const { status, stderr } = spawnSync(program, [...args, ...files], { encoding: 'utf8' });
  if (status !== 0) throw new TierFailure(`Not what CycloneDX asks for: ${stderr}`);
  console.log(`${files.length} documents, each with every package of its lock and valid by its CycloneDX schema`);
});
