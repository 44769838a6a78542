import { readFileSync } from 'node:fs';
import { DELIVERY_STAGES } from '../../lib/config/delivery-stages.ts';
import { type Setting, settingsOf } from './settings.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

const row = ({ path, takes, usual, because = '' }: Setting): string =>
  `| ${[code(path), code(usual) || '–', cell(takes), cell(because)].join(' | ')} |`;

const committed = (stage: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../config/${stage}.json`, import.meta.url), 'utf8'));

/** What the three committed configurations say, side by side; a dash where one leaves it at the default. */
const stageRows = (): string[] => {
  const files = DELIVERY_STAGES.map(committed);
  return [...new Set(files.flatMap(Object.keys))].map((key) => {
    const values = files.map((file) => (file[key] === undefined ? '–' : code(JSON.stringify(file[key]))));
    return `| ${[code(key), ...values].join(' | ')} |`;
  });
};

/** docs/configuration.md: written from the schema, so that it says what is true. */
export const configurationPage = (settings: readonly Setting[] = settingsOf()): string =>
  `${[
    '# Configuration',
    '',
    '<!-- Written by `npm run contracts` from the descriptions in lib/config/. Do not edit. -->',
    '',
    'A deployment is one JSON file; whatever it leaves out has the default below. Unknown keys, values out of range and settings that contradict each',
    'other are refused before anything is synthesised, each with the name of the field and what to do about it.',
    '',
    '```bash',
    'npx cdk deploy --all -c stage=prod           # a committed configuration: config/prod.json',
    'npx cdk deploy --all -c config=my.json       # any other file',
    'npx cdk deploy --all                         # all defaults: a first look at an account',
    '```',
    '',
    '## Delivery stages',
    '',
    'One configuration each, in [config/](../config); they share no name and can stand in one account. `deliveryStage` sets nothing by itself: it holds the',
    'file to what the stage promises. `prod` has to retain its data, lock releases, be protected from deletion and keep its logs for 90 days; `dev`',
    'has to be disposable; `staging` is prod’s rehearsal and promises nothing.',
    '',
    `| setting | ${DELIVERY_STAGES.join(' | ')} |`,
    `| --- | ${DELIVERY_STAGES.map(() => '---').join(' | ')} |`,
    ...stageRows(),
    '',
    '## Every setting',
    '',
    '`*` stands for every name of its kind, in brackets where they differ, `{name}` for one of your own, – for none. Times that contradict each other, jobs that fit no instance of',
    'their queues and switches that exclude each other are refused besides: [consistency.ts](../lib/config/consistency.ts). What each switch costs while',
    'idle: [idle-cost.md](idle-cost.md).',
    '',
    '| setting | default | takes | why |',
    '| --- | --- | --- | --- |',
    ...settings.map(row),
  ].join('\n')}\n`;
