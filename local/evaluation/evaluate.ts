/**
 * `npm run evaluate`: the four heads on a text and an image task, five seeds each, into docs/evaluation.md. Cells that are kept from before
 * are not run again. `-- --cells text/cumulative-link/13,image/coral` runs some, `-- --quick` one short seed into .spotforge.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../tier/command-line.ts';
import { DOT, ROOT } from '../tier/paths.ts';
import { startTicker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { chosenCells, plannedCells } from './cells.ts';
import { runPython } from './python-work.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

await runCommand(async () => {
  const { values } = parseArgs({ options: { cells: { type: 'string' }, quick: { type: 'boolean', default: false } } });
  const cells = plannedCells(values.quick);
  const { chosen, unknown } = chosenCells(cells, values.cells?.split(',') ?? []);
  if (unknown.length > 0) {
    throw new TierFailure(`no cell is named ${unknown.join(', ')}: name {text|image|text-all-rows}[/{head}[/{seed}]].`);
  }
  const folder = join(DOT, values.quick ? 'evaluation-quick' : 'evaluation');
  mkdirSync(folder, { recursive: true });
  const plan = join(folder, 'plan.json');
  const report = values.quick ? join(folder, 'evaluation.md') : join(ROOT, 'docs/evaluation.md');
  writeFileSync(plan, JSON.stringify({ folder, report, cells, chosen }));
  const ticker = startTicker();
  try {
    await runPython('local/evaluation/run_cells.py', [plan], ticker, interrupted.signal);
  } finally {
    ticker.stop();
  }
});
if (interrupted.signal.aborted) process.exitCode = 130;
