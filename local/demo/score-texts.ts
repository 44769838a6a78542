import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../tier/paths.ts';

const scored = z.object({ text: z.string(), label: z.string(), expectedScore: z.number() });
export type Scored = z.infer<typeof scored>;

/** Scores texts with the INT8 model out of a downloaded bundle, by onnxruntime and the bundle's own tokenizer alone. */
export const scoreTexts = async (bundle: string, texts: readonly string[]): Promise<Scored[]> => {
  const child = spawn(
    join(ROOT, '.venv/bin/python'),
    ['-m', 'spotforge_optimization.score', '--bundle', bundle, '--model', 'int8', '--json'],
    {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: [join(ROOT, 'containers/runtime'), join(ROOT, 'containers/optimization')].join(':'),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stdin.end(`${texts.join('\n')}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The INT8 model of ${bundle} did not answer: exit code ${code}`);
  const answers = z.array(scored).parse(JSON.parse(output));
  if (answers.length !== texts.length) throw new Error(`The INT8 model answered ${answers.length} of ${texts.length} texts`);
  return answers;
};
