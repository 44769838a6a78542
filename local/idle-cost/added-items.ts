import type { BillItem } from './bill-item.ts';

/** What `changed` has beyond `base`, item by item; an item that it lacks comes with a negative quantity. */
export const addedItems = (base: readonly BillItem[], changed: readonly BillItem[]): BillItem[] => {
  const byName = (items: readonly BillItem[]): Map<string, BillItem> => new Map(items.map((item) => [item.item, item]));
  const [before, after] = [byName(base), byName(changed)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    const known = is ?? was;
    const quantity = (is?.quantity ?? 0) - (was?.quantity ?? 0);
    return known && quantity !== 0 ? [{ ...known, quantity, usdPerMonth: quantity * known.unitUsd }] : [];
  });
};
