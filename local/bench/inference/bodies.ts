import { readFileSync, writeFileSync } from 'node:fs';

/** Enough that no request is sent twice in a row for long, few enough for a quick start. */
const BODIES = 2_000;

/** The texts of a CSV with the columns `text,label,document`; quotes are doubled inside of quotes, lines may break there. */
export const textsOf = (csv: string): string[] => {
  const rows = [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(?:,[^\r\n]*)?(?:\r?\n|$)/g)];
  return rows
    .slice(1)
    .map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain)
    .filter((text) => text.trim() !== '');
};

/** Every n-th text of the demo's ratings, whose lengths are those of the data: one request of one text a line. */
export const writeBodies = (ratings: string, to: string): string => {
  const texts = textsOf(readFileSync(ratings, 'utf8'));
  const step = Math.max(1, Math.floor(texts.length / BODIES));
  const chosen = texts.filter((_, index) => index % step === 0).slice(0, BODIES);
  writeFileSync(to, `${chosen.map((text) => JSON.stringify({ inputs: [{ text }] })).join('\n')}\n`);
  return to;
};
