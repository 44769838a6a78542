import type { LocalBundle } from './local-bundles.ts';

const TEXT = 'A quiet film that stays with you.';

/** What a person sees once the server answers: what it serves, and lines to try. */
export const greeting = (versions: readonly LocalBundle[], url: string, token: string): string => {
  const [newest] = versions;
  if (newest === undefined) return '';
  const { tenant, name, task, preferred, version } = newest.bundle;
  const input =
    task === 'text-ordinal'
      ? `-d '${JSON.stringify({ inputs: [{ text: TEXT }] })}'`
      : `-d "{\\"inputs\\": [{\\"image\\": \\"$(base64 -w0 PICTURE.png)\\"}]}"`;
  const older = versions.slice(1).map(({ bundle }) => bundle.version);
  return [
    '',
    `${tenant}/${name}, version ${version}, ${preferred.toUpperCase()}, at ${url} (Ctrl-C ends it)`,
    '',
    `  curl -s ${url}/v1/predict -H 'content-type: application/json' ${input}`,
    `  curl -s ${url}/v1/models`,
    ...older
      .slice(0, 1)
      .flatMap((other) => [
        '',
        `  ${older.length === 1 ? 'an older version' : `${older.length} older versions`} can be tried beside it:`,
        `  curl -s -X POST ${url}/v1/versions/${other}/load -H 'authorization: Bearer ${token}' -H 'content-type: application/json' -d '{"weight": 0}'`,
      ]),
    '',
  ].join('\n');
};
