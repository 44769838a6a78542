import { ItemTooNew, ItemTooOld } from '../errors.ts';

/**
 * The layout of the table's items that this code writes. Raising it takes a step in functions/shared/migrations/migrations.ts, and readers that understand
 * this layout and the one before, so that code and items can change one after the other, in either direction.
 */
export const ITEM_SCHEMA_VERSION = 1;

/** Of items that were written before items had a version. */
const FIRST = 0;

/**
 * @param stored an item's `schemaVersion`; undefined when it has none
 * @throws ItemTooNew, ItemTooOld when this code does not know the item's layout
 */
export const assertReadable = (stored: number | undefined, current: number = ITEM_SCHEMA_VERSION): undefined => {
  const version = stored ?? FIRST;
  if (version > current) throw new ItemTooNew(version, current);
  if (version < current - 1) throw new ItemTooOld(version, current);
};

/**
 * The attribute that every entity has. It is written when an item is made or replaced and never by a patch, which changes some attributes and
 * not the layout. Reading it checks it and shows nothing: `hidden` would do the second alone, for ElectroDB asks no getter of what is hidden.
 */
export const schemaVersion = {
  type: 'number',
  readOnly: true,
  default: ITEM_SCHEMA_VERSION,
  // Of everything, so that it is asked for an item that has none as well.
  watch: '*',
  get: (stored: number | undefined): undefined => assertReadable(stored),
} as const;
