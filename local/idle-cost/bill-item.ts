import type { Resources } from '../deployment/template-resources.ts';
import type { PriceName, Prices } from './prices.ts';

export type BillItem = { item: string; quantity: number; unit: string; unitUsd: number; usdPerMonth: number };

export type Pricing = {
  /** The types of CloudFormation that it knows the idle cost of. */
  types: readonly string[];
  items: (resources: Resources, charge: Charge) => BillItem[];
};

export type Charge = (item: string, price: PriceName, quantity: number) => BillItem;

export const chargeAt =
  (prices: Prices): Charge =>
  (item, price, quantity) => {
    const { usd, unit } = prices[price];
    return { item, quantity, unit, unitUsd: usd, usdPerMonth: quantity * usd };
  };

/** One item for `count` things; none for none. */
export const each = (charge: Charge, item: string, price: PriceName, count: number): BillItem[] =>
  count === 0 ? [] : [charge(item, price, count)];
