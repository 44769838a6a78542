import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemTooNew } from '../../../../functions/shared/errors.ts';
import { migrateItem } from '../../../../functions/shared/migrations/migrate-item.ts';
import { type Item, MIGRATIONS, type Migration } from '../../../../functions/shared/migrations/migrations.ts';
import { ITEM_SCHEMA_VERSION } from '../../../../functions/shared/table/schema-version.ts';

const anItem = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()).map(({ schemaVersion: _, ...item }): Item => item);
const versioned = fc
  .tuple(anItem, fc.option(fc.integer({ min: 0, max: ITEM_SCHEMA_VERSION }), { nil: undefined }))
  .map(([item, schemaVersion]): Item => (schemaVersion === undefined ? item : { ...item, schemaVersion }));

/** A later change of layout, for the laws that one change alone cannot break. */
const LATER: Migration = {
  to: ITEM_SCHEMA_VERSION + 1,
  what: 'a name is called title',
  change: ({ name, ...item }) => (name === undefined ? item : { ...item, title: name }),
};

describe('migrating an item', () => {
  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(versioned, fc.constantFrom(MIGRATIONS, [...MIGRATIONS, LATER]), (item, migrations) => {
        const once = migrateItem(item, migrations);
        expect(migrateItem(once, migrations)).toBe(once);
      }),
    );
  });

  it('changes nothing but what its steps are about', () => {
    fc.assert(
      fc.property(versioned, (item) => {
        expect(migrateItem(item)).toEqual({ ...item, schemaVersion: ITEM_SCHEMA_VERSION });
        const { name, schemaVersion: _, ...rest } = item;
        const title = name === undefined ? {} : { title: name };
        expect(migrateItem(item, [...MIGRATIONS, LATER])).toEqual({ ...rest, ...title, schemaVersion: LATER.to });
      }),
    );
  });

  it('does not change the item that it was given', () => {
    const item = Object.freeze({ pk: 'experiment#exp_A', sk: 'experiment' });
    expect(migrateItem(item)).not.toBe(item);
    expect(item).not.toHaveProperty('schemaVersion');
  });

  it('refuses a layout that it does not know', () => {
    expect(() => migrateItem({ schemaVersion: ITEM_SCHEMA_VERSION + 1 })).toThrow(ItemTooNew);
  });

  it('leads step by step to the layout that the code writes', () => {
    expect(MIGRATIONS.map(({ to }) => to)).toEqual(Array.from({ length: ITEM_SCHEMA_VERSION }, (_, index) => index + 1));
  });
});
