import { spawn } from 'node:child_process';
import { ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';

const LAST_LINES = 12;

/** Runs one command of Docker's; what it answers on stdout. Its progress, on stderr, goes to the terminal. TierFailure when it fails. */
export const docker = (argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> =>
  new Promise((resolve, reject) => {
    const [file = 'docker', ...args] = argv;
    const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let answer = '';
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => {
      answer += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      told = (told + chunk).slice(-10_000);
      process.stderr.write(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new TierFailure('Cannot find docker: install Docker with buildx and run the command again.')
          : error,
      ),
    );
    child.on('close', (code) => (code === 0 ? resolve(answer) : reject(new TierFailure(explain(argv, told)))));
  });

const explain = (argv: readonly string[], told: string): string => {
  if (/unknown command: docker buildx|'buildx' is not a docker command/.test(told))
    return 'This Docker has no buildx, which builds for several platforms and records digests: install the plug-in docker-buildx and run the command again.';
  if (/Cannot connect to the Docker daemon/.test(told))
    return 'Docker does not run here: start its daemon and run the command again.';
  return `${argv.slice(0, 4).join(' ')} failed:\n${told.trim().split('\n').slice(-LAST_LINES).join('\n')}`;
};
