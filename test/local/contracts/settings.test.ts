import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { configurationPage } from '../../../local/contracts/configuration-page.ts';
import { settingsOf } from '../../../local/contracts/settings.ts';

const withoutReason = (schema?: z.ZodType): string[] =>
  settingsOf(schema)
    .filter(({ because }) => because === undefined)
    .map(({ path }) => path);

describe('the settings of a deployment', () => {
  it('say all of them what they are for', () => {
    expect(withoutReason()).toEqual([]);
  });

  it('would be told apart from one that says nothing', () => {
    const planted = z.strictObject({ told: z.string().describe('What for.'), deep: z.strictObject({ silent: z.int() }) });
    expect(withoutReason(planted)).toEqual(['deep.silent']);
  });

  it('are one row for siblings that take the same, with each default that differs', () => {
    const size = (usual: number, min = 1) =>
      z.strictObject({ cores: z.int().min(min).default(usual).describe('How many.') }).prefault({});
    const one = z.strictObject({ a: size(1), b: size(2), c: size(1) });
    expect(settingsOf(one)).toEqual([{ path: '*.cores', usual: '1 (a, c); 2 (b)', takes: '1 or more', because: 'How many.' }]);
    const bounds = z.strictObject({ a: size(1), b: size(1, 0), c: size(1) });
    expect(settingsOf(bounds)[0]).toMatchObject({ usual: '1', takes: '1 or more (a, c); 0 or more (b)' });
    const two = z.strictObject({ a: size(1), b: size(2) });
    expect(settingsOf(two).map(({ path }) => path)).toEqual(['a.cores', 'b.cores']);
  });

  it('go below names of one’s own, lists and choices', () => {
    const schema = z.strictObject({
      clients: z
        .record(z.string(), z.strictObject({ groups: z.array(z.string()).default([]).describe('Whose.') }))
        .describe('Who.'),
      days: z
        .union([z.literal(1), z.literal(7)])
        .default(7)
        .describe('How long.'),
      on: z.boolean().default(false).describe('Whether.'),
    });
    expect(settingsOf(schema)).toEqual([
      { path: 'clients', usual: '', takes: 'by name', because: 'Who.' },
      { path: 'clients.{name}.groups', usual: '[]', takes: 'list of: text', because: 'Whose.' },
      { path: 'days', usual: '7', takes: '1, 7', because: 'How long.' },
      { path: 'on', usual: 'false', takes: 'true, false', because: 'Whether.' },
    ]);
  });
});

describe('the page of the configuration', () => {
  it('has a row for each setting and a column for each delivery stage', () => {
    const page = configurationPage();
    for (const { path } of settingsOf()) expect(page).toContain(`| \`${path}\` |`);
    expect(page).toContain('| setting | dev | staging | prod |');
    expect(page).toMatch(/\| `terminationProtection` \| – \| – \| `true` \|/);
  });

  it('keeps a bar in a description from breaking its table', () => {
    const setting = { path: 'a', usual: '', takes: 'text', because: 'this | that' };
    expect(configurationPage([setting])).toContain('| `a` | – | text | this \\| that |');
  });
});
