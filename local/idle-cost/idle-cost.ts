/** `npm run idle-cost [-- --config FILE | --stage STAGE]`: what a deployment costs in a month in which nothing happens, from its synthesised template. */
import { join } from 'node:path';
import { commandOptions } from '../deployment/command-options.ts';
import { configuredDeployment } from '../deployment/configured-deployment.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { DOT } from '../tier/paths.ts';
import { pricesOf } from './prices.ts';
import { REFERENCE } from './reference-usage.ts';
import { billLines, switchLines } from './report.ts';
import { SWITCHES } from './switches.ts';
import { costOfSwitch, type SwitchCost, synthesisedBill } from './synthesised-bill.ts';

await runCommand(async () => {
  const { file: configuration, deployment } = configuredDeployment(commandOptions(['config', 'stage']));
  const { region } = deployment.prices;
  const prices = pricesOf(region);
  const home = join(DOT, 'idle-cost');

  const bill = await synthesisedBill(join(home, 'as-configured'), configuration, prices);
  console.log(
    `Idle bill of ${configuration ?? 'the default configuration'} at list prices of ${region}, free tier not counted.\n`,
  );
  for (const text of billLines(bill)) console.log(text);

  console.log('\nWhat each switch adds, synthesised with it:\n');
  const switches: SwitchCost[] = [];
  for (const each of SWITCHES) {
    const cost = await costOfSwitch(each, { home, configuration, base: bill, prices });
    for (const text of switchLines(cost)) console.log(text);
    switches.push(cost);
  }
  const file = keepFigures('idle-cost', { region, ...bill, switches, reference: REFERENCE, prices });
  console.log(`\nWritten to ${file}.`);
});
