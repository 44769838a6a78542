import type { Bill } from './bill.ts';
import type { BillItem } from './bill-item.ts';
import type { SwitchCost } from './synthesised-bill.ts';

const usd = (amount: number): string => amount.toFixed(4).padStart(9);

/** 8,760 but 0.0438: enough digits to check the product by hand. */
const quantity = (amount: number): string =>
  amount.toLocaleString('en-US', amount >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 });

const line = (name: string, amount: string, unit: string, unitUsd: string, month: string): string =>
  `${name.padEnd(48)} ${amount.padStart(12)} ${unit.padEnd(18)} ${unitUsd.padStart(14)} ${month}`;

const itemLine = ({ item, quantity: amount, unit, unitUsd, usdPerMonth }: BillItem): string =>
  line(item, quantity(amount), unit, unitUsd.toPrecision(3).replace(/\.?0+$|\.?0+(?=e)/, ''), usd(usdPerMonth));

const HEADER = line('item', 'quantity', 'unit', 'USD a unit', 'USD/month');

/** Largest first, and its total. */
export const billLines = ({ items, totalUsdPerMonth }: Bill): string[] => [
  HEADER,
  ...[...items].sort((a, b) => b.usdPerMonth - a.usdPerMonth).map(itemLine),
  line('total', '', '', '', usd(totalUsdPerMonth)),
];

export const switchLines = (cost: SwitchCost): string[] => [
  `${`${cost.switch}: ${JSON.stringify(cost.overrides)}`.padEnd(96)}${usd(cost.addsUsdPerMonth)}`,
  ...cost.items.map((item) => `  ${itemLine(item)}`),
];
