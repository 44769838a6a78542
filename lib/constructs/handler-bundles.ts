import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { DeploymentError } from '../config/deployment-error.ts';

const FUNCTIONS = fileURLToPath(new URL('../../functions/', import.meta.url));

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Bundles all handlers in one run of esbuild, which starts once and parses what they share once, where the CDK's NodejsFunction starts npx
 * and esbuild for each. Names and lines stay readable, so that a stack trace in the log needs no source map. The SDK is bundled: a function
 * runs with the version that the tests ran with.
 * @param handlers as `stages/track-job`, files below functions/
 * @returns the directory of each handler's code, which holds index.mjs
 */
export const bundleHandlers = (handlers: readonly string[]): Record<string, string> => {
  const missing = handlers.filter((handler) => !existsSync(join(FUNCTIONS, `${handler}.ts`)));
  if (missing.length > 0)
    throw new DeploymentError(missing.map((handler) => `functions/${handler}.ts does not exist, but a stack deploys it.`));

  const outdir = mkdtempSync(join(tmpdir(), 'handler-bundles-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true })); // the assembly has copies by then
  buildSync({
    absWorkingDir: FUNCTIONS,
    entryPoints: Object.fromEntries(handlers.map((handler) => [`${handler}/index`, `${handler}.ts`])),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'error',
  });
  return Object.fromEntries(handlers.map((handler) => [handler, join(outdir, handler)]));
};
