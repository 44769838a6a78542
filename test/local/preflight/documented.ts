import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Fixture<Output> = {
  answers: Record<string, { output: Output }>;
  errors: Record<string, { name: string; message: string }>;
};

const FOLDER = join(import.meta.dirname, '../../fixtures/aws/preflight');

const read = <Output>(file: string): Fixture<Output> => JSON.parse(readFileSync(join(FOLDER, `${file}.json`), 'utf8'));

/** An answer of test/fixtures/aws/preflight; a test of its own holds each of them against botocore's service models. */
export const answer = <Output extends object>(file: string, name: string): Output => {
  const found = read<Output>(file).answers[name];
  if (!found) throw new Error(`${file}.json has no answer ${name}`);
  return found.output;
};

/** An error as the SDK throws it. */
export const refusal = (file: string, name: string): Error => {
  const found = read(file).errors[name];
  if (!found) throw new Error(`${file}.json has no error ${name}`);
  return Object.assign(new Error(found.message), { name: found.name, $metadata: { httpStatusCode: 400 } });
};
