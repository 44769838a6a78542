import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resourcesOf, templatesBelow } from '../deployment/template-resources.ts';
import { synthesise } from '../tier/assembly.ts';
import { addedItems } from './added-items.ts';
import { type Bill, billOf } from './bill.ts';
import type { BillItem } from './bill-item.ts';
import { mergedSettings } from './merged-settings.ts';
import type { Prices } from './prices.ts';
import type { CostSwitch } from './switches.ts';

export type SwitchCost = { switch: string; overrides: unknown; addsUsdPerMonth: number; items: BillItem[] };

/** `home` keeps the assembly and the hash of what it was made from: without a change, nothing is synthesised again. */
export const synthesisedBill = async (home: string, configuration: string | undefined, prices: Prices): Promise<Bill> => {
  const { folder } = await synthesise({ home, configuration });
  return billOf(resourcesOf(templatesBelow(folder)), prices);
};

/** What a switch adds to `base`, by synthesising the deployment of `configuration` with it. */
export const costOfSwitch = async (
  { name, overrides }: CostSwitch,
  { home, configuration, base, prices }: { home: string; configuration: string | undefined; base: Bill; prices: Prices },
): Promise<SwitchCost> => {
  const settings: unknown = configuration === undefined ? {} : JSON.parse(readFileSync(configuration, 'utf8'));
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'deployment.json');
  writeFileSync(file, JSON.stringify(mergedSettings(settings, overrides)));
  const { items } = await synthesisedBill(folder, file, prices);
  const added = addedItems(base.items, items);
  return { switch: name, overrides, addsUsdPerMonth: added.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0), items: added };
};
