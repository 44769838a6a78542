/** An item of the table as it is stored, keys and all. */
export type Item = Readonly<Record<string, unknown>>;

/** One change of layout. `change` is pure, and leaves keys (`pk`, `sk`) and `revision` as they are. */
export type Migration = { to: number; what: string; change: (item: Item) => Item };

/** Every change of layout there has been, one after the other; the last one leads to ITEM_SCHEMA_VERSION. */
export const MIGRATIONS: readonly Migration[] = [{ to: 1, what: 'every item says which layout it has', change: (item) => item }];
