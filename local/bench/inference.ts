/**
 * `npm run bench:inference`: the inference server against FastAPI, both ways of writing it, and mosec on the same bundle: throughput, latency, processor time, memory, time to
 * ready and what an overload does; then fifty swaps of versions under load, and malformed requests. About half an hour on two cores, the builds of the server and of the load
 * generator included.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layOut, localBundles } from '../inference/local-bundles.ts';
import { buildServer } from '../inference/server-binary.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT } from '../tier/paths.ts';
import { startTicker } from '../tier/ticker.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { writeBodies } from './inference/bodies.ts';
import { sendMalformed } from './inference/malformed.ts';
import { installOha } from './inference/oha.ts';
import { pictureOf } from './inference/picture.ts';
import { type Instruments, measureServer, type Round } from './inference/round.ts';
import { linesOfInference, malformedRow, rowsOf, swapRows } from './inference/rows.ts';
import { ourServer, peers } from './inference/servers.ts';
import { nextVersion, swapUnderLoad } from './inference/swaps.ts';

const ROUNDS = 5;
const CELL_SECONDS = 8;
const FOLDER = join(DOT, 'bench-inference');
const TOKEN = 'of-this-bench-alone';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

await runCommand(async () => {
  const [newest] = localBundles().filter(({ bundle }) => bundle.task === 'text-ordinal');
  if (newest === undefined) throw new TierFailure('There is no bundle of a text model on this machine: run npm run demo first.');
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const ticker = startTicker();
  try {
    const binary = await buildServer(ticker);
    const oha = await installOha(ticker);
    const bundles = layOut([newest], join(FOLDER, 'bundles'));
    const version = newest.bundle.version;
    const served = {
      binary,
      bundles,
      bundle: join(bundles, String(version)),
      state: join(FOLDER, 'desired.json'),
      token: TOKEN,
      precision: newest.bundle.models.int8 ? ('int8' as const) : ('fp32' as const),
    };
    const instruments: Instruments = {
      oha,
      bodies: writeBodies(join(DOT, 'demo-data/ratings.csv'), join(FOLDER, 'bodies.jsonl')),
      cellSeconds: CELL_SECONDS,
      says: ticker.doing,
    };
    const servers = [ourServer(served), ...peers(served)];
    const rounds: Round[] = [];
    for (let number = 0; number < ROUNDS; number++) {
      const round: Round = {};
      // Who goes first changes from round to round.
      for (let turn = 0; turn < servers.length; turn++) {
        const server = servers[(number + turn) % servers.length];
        if (server === undefined) continue;
        const says = (what: string): void => ticker.doing(`round ${number + 1} of ${ROUNDS}, ${server.name}: ${what}`);
        round[server.name] = await measureServer(server, { ...instruments, says });
      }
      rounds.push(round);
      ticker.says(
        `round ${number + 1} of ${ROUNDS}: ${Object.entries(round)
          .map(([name, { cells }]) => `${name} ${cells.map(({ load }) => Math.round(load.answered / load.seconds)).join('/')}`)
          .join(', ')} requests/s at 1/4/16/64`,
      );
    }
    const after = nextVersion(newest, bundles);
    const swaps = await swapUnderLoad(ourServer(served), [version, after], TOKEN, instruments);
    const malformed = await sendMalformed(ticker);
    ticker.stop();
    const rows = [...rowsOf(rounds), ...swapRows(swaps), malformedRow(malformed)];
    keepFigures('bench-inference', rows);
    writeFileSync(join(DOT, 'bench-inference.svg'), pictureOf(rows));
    keepFigures('bench-inference/rounds', { precision: served.precision, rounds, swaps, malformed });
    for (const line of linesOfInference(rows)) console.log(line);
    if (rows.some(({ pass }) => pass === false)) process.exitCode = 1;
  } finally {
    ticker.stop();
  }
});
process.exit();
