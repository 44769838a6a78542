import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPython } from '../evaluation/python-work.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT } from '../tier/paths.ts';
import { startTicker } from '../tier/ticker.ts';
import { linesOfPeers, peerRows } from './peer-rows.ts';

type Bench = { command: string; program: string; plan: Record<string, unknown> };

/** Runs a bench against peers, shows and keeps its rows; exit code 1 when one of them fails. */
export const runPeerBench = async ({ command, program, plan }: Bench): Promise<void> => {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  await runCommand(async () => {
    const folder = join(DOT, command);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'plan.json');
    writeFileSync(file, JSON.stringify({ folder, ...plan }));
    const ticker = startTicker();
    try {
      const rows = peerRows(await runPython(program, [file], ticker, interrupted.signal));
      ticker.stop();
      keepFigures(command, rows);
      for (const line of linesOfPeers(rows)) console.log(line);
      if (rows.some(({ pass }) => pass === false)) process.exitCode = 1;
    } finally {
      ticker.stop();
    }
  });
  if (interrupted.signal.aborted) process.exitCode = 130;
};
