import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explain, tryHistory } from './simulation/try-history.ts';

const HISTORIES = Number(process.env['HISTORIES'] ?? 10_000);

it(`ends in the right state whatever goes wrong on the way, in ${HISTORIES} random histories`, async () => {
  const { seed = 0 } = fc.readConfigureGlobal();
  const BASE = process.env['BASE'] ? Number(process.env['BASE']) : seed * 1_000_000;
  const before = process.cpuUsage();
  const counts: Record<string, number> = {};
  for (let number = Number(process.env['FROM'] ?? 0); number < HISTORIES; number++) {
    const { history, wrong } = await tryHistory(BASE + number);
    counts[history.experiment.status] = (counts[history.experiment.status] ?? 0) + 1;
    if (wrong.length > 0) expect.fail(await explain(BASE + number));
  }
  const { user, system } = process.cpuUsage(before);
  console.log(counts, (user + system) / 1e6);
}, 600_000);
