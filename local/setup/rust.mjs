import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ONNXRUNTIME_LIBRARY } from './onnxruntime-library.mjs';
import { command, step } from './step.mjs';

/** The commands that build, test or run the inference server. */
const COMMANDS = ['test/runner/run.ts', 'local/inference/serve.ts', 'local/bench/inference.ts'];
const CRATES = 'containers/inference';
const LOCK = `${CRATES}/Cargo.lock`;

/** Whether there is a cargo to build the server with. */
const cargoIsThere = () => spawnSync('cargo', ['--version'], { stdio: 'ignore' }).status === 0;

/** Everything that Cargo.lock names, downloaded once, so that builds are offline. */
const crates = () =>
  step({
    name: 'crates',
    says: "the inference server's crates",
    files: [LOCK],
    present: () => existsSync(join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry/cache')),
    run: () => command(['cargo', 'fetch', '--locked', '--quiet', '--manifest-path', `${CRATES}/Cargo.toml`]),
  });

const onnxruntimeLibrary = (python) =>
  step({
    name: 'onnxruntime-library',
    says: 'onnxruntime library',
    files: [`${CRATES}/onnxruntime_library.py`, 'requirements/onnxruntime-library.txt'],
    present: () => existsSync(ONNXRUNTIME_LIBRARY),
    run: () => command([python, `${CRATES}/onnxruntime_library.py`]),
  });

/** What the inference server is built from. Without cargo, or where its library is not pinned, one line says what is left out. */
export const rustToolchain = async (program, python) => {
  if (!COMMANDS.includes(program)) return;
  const missing =
    ONNXRUNTIME_LIBRARY === undefined
      ? `the server runs on glibc Linux, not on ${process.platform} ${process.arch}`
      : !cargoIsThere() && 'cargo was not found; install Rust ≥ 1.94.1';
  if (missing) {
    process.stderr.write(`set-up  the inference server is left out: ${missing}\n`);
    return;
  }
  await crates();
  await onnxruntimeLibrary(python);
};
