import type { Resources } from '../deployment/template-resources.ts';
import { TierFailure } from '../tier/tier-failure.ts';
import { type BillItem, chargeAt, type Pricing } from './bill-item.ts';
import { DEPLOY_TIME_PREFIX, FREE_WHEN_IDLE } from './free-when-idle.ts';
import { LOGS } from './pricers/logs.ts';
import { MONTHLY } from './pricers/monthly.ts';
import { QUEUES } from './pricers/queues.ts';
import { SCHEDULES } from './pricers/schedules.ts';
import { SERVICES } from './pricers/services.ts';
import { STORAGE } from './pricers/storage.ts';
import type { Prices } from './prices.ts';

const PRICINGS: readonly Pricing[] = [STORAGE, LOGS, SCHEDULES, QUEUES, MONTHLY, SERVICES];

export type Bill = {
  totalUsdPerMonth: number;
  items: BillItem[];
  /** Types of the template that cost nothing while idle, with the reason. */
  free: Record<string, string>;
};

export const PRICED_TYPES: ReadonlySet<string> = new Set(PRICINGS.flatMap(({ types }) => types));

const reasonOf = (type: string): string | undefined =>
  type.startsWith(DEPLOY_TIME_PREFIX) ? 'runs during a deploy only' : FREE_WHEN_IDLE[type];

/**
 * What a deployment costs in a month in which nothing happens but its schedules.
 * @throws TierFailure naming every resource type that is neither priced nor known to be free
 */
export const billOf = (resources: Resources, prices: Prices): Bill => {
  const unpriced = [...new Set(resources.all.map(({ type }) => type))].filter((type) => !PRICED_TYPES.has(type)).sort();
  const unknown = unpriced.filter((type) => reasonOf(type) === undefined);
  if (unknown.length > 0) {
    throw new TierFailure(
      `The template has resources whose idle cost is not known: ${unknown.join(', ')}. Price them in local/idle-cost/pricers/, or say in local/idle-cost/free-when-idle.ts why they cost nothing.`,
    );
  }
  const items = PRICINGS.flatMap((pricing) => pricing.items(resources, chargeAt(prices)));
  return {
    totalUsdPerMonth: items.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0),
    items,
    free: Object.fromEntries(unpriced.map((type) => [type, reasonOf(type) ?? ''])),
  };
};
