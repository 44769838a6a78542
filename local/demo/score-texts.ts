import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../tier/paths.ts';

const scored = z.object({ text: z.string(), name: z.string(), expectedValue: z.number().describe('on the scale of the labels') });
const answer = z.object({ model: z.enum(['fp32', 'int8']), scores: z.array(scored) });
export type Answer = z.infer<typeof answer>;

/** Scores texts with the model that a downloaded bundle prefers, by onnxruntime and the bundle's own tokenizer alone. */
export const scoreTexts = async (bundle: string, texts: readonly string[]): Promise<Answer> => {
  const child = spawn(join(ROOT, '.venv/bin/python'), ['-m', 'spotforge_optimization.score', '--bundle', bundle, '--json'], {
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: [join(ROOT, 'containers/runtime'), join(ROOT, 'containers/optimization')].join(':'),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stdin.end(`${texts.join('\n')}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The preferred model of ${bundle} did not answer: exit code ${code}`);
  const answered = answer.parse(JSON.parse(output));
  const { model, scores } = answered;
  if (scores.length !== texts.length) throw new Error(`The ${model} model answered ${scores.length} of ${texts.length} texts`);
  return answered;
};
