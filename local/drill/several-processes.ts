/**
 * `npm run drill -- several-processes`: training in two processes through the stage's real command. Each start imports PyTorch three times, which
 * is why these tests are no part of `npm test`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { keepFigures } from '../tier/keep-figures.ts';
import { ROOT } from '../tier/paths.ts';
import { TierFailure } from '../tier/tier-failure.ts';

export const SEVERAL_PROCESSES = 'several-processes';
const TESTS = 'test/containers/training/test_several_processes.py';

/** @throws TierFailure when one of the tests failed */
export const drillSeveralProcesses = async (signal: AbortSignal): Promise<void> => {
  const startedAt = performance.now();
  const argv = ['-m', 'pytest', '-m', 'drill', '-vv', '--no-header', TESTS];
  const tests = spawn(join(ROOT, '.venv/bin/python'), argv, { cwd: ROOT, stdio: 'inherit', signal, killSignal: 'SIGINT' });
  const [code] = await once(tests, 'exit');
  const pass = code === 0;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  keepFigures('drill-several-processes', { tests: TESTS, pass, seconds });
  if (!pass) throw new TierFailure(`several processes: a test failed after ${seconds} s; it is told above.`);
  console.log(`several processes: passed in ${seconds} s.`);
};
