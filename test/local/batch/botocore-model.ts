import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

interface Shape {
  type: string;
  members?: Record<string, { shape: string; locationName?: string; location?: string }>;
  required?: string[];
  member?: { shape: string };
  value?: { shape: string };
  enum?: string[];
}

interface Model {
  operations: Record<
    string,
    { http: { method: string; requestUri: string }; input: { shape: string }; output: { shape: string } }
  >;
  shapes: Record<string, Shape>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const [path] = globSync('.venv/lib/python3*/site-packages/botocore/data/batch/2016-08-10/service-2.json.gz', { cwd: root });
if (!path) throw new Error('botocore is not installed in .venv: its service model of Batch is what responses are compared with');

/** AWS's own description of Batch, as botocore ships it. */
const model = JSON.parse(gunzipSync(readFileSync(root + path)).toString()) as Model;

const isType: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  long: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  float: (value) => typeof value === 'number',
  double: (value) => typeof value === 'number',
};

/**
 * What is wrong with a value of this shape: wrong types, unknown members, unknown enum values, absent required members. The model
 * calls JobDetail.startedAt required although AWS leaves it out until a job has started (see the documented event).
 */
export function violations(shapeName: string, value: unknown, at = shapeName): string[] {
  const shape = model.shapes[shapeName];
  if (!shape) return [`${at}: no shape ${shapeName}`];
  if (shape.type === 'structure') return structureViolations(shapeName, shape, value, at);
  if (shape.type === 'list') {
    if (!Array.isArray(value)) return [`${at}: not a list`];
    return value.flatMap((item, index) => violations(shape.member?.shape ?? '', item, `${at}[${index}]`));
  }
  if (shape.type === 'map') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: not a map`];
    return Object.entries(value).flatMap(([key, item]) => violations(shape.value?.shape ?? '', item, `${at}.${key}`));
  }
  if (!isType[shape.type]?.(value)) return [`${at}: ${JSON.stringify(value)} is not a ${shape.type}`];
  return shape.enum && !shape.enum.includes(String(value)) ? [`${at}: ${value} is none of ${shape.enum}`] : [];
}

function structureViolations(name: string, shape: Shape, value: unknown, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: not a structure`];
  const members = shape.members ?? {};
  const required = (shape.required ?? []).filter((member) => !(name === 'JobDetail' && member === 'startedAt'));
  return [
    ...required.filter((member) => !(member in value)).map((member) => `${at}.${member}: is missing`),
    ...Object.entries(value).flatMap(([key, item]) => {
      const member = members[key];
      return member ? violations(member.shape, item, `${at}.${key}`) : [`${at}.${key}: AWS has no such member`];
    }),
  ];
}

/** The answer of an operation, sent by hand so that no SDK hides an unknown member. */
export async function callRaw(
  endpoint: string,
  operation: string,
  body: object,
): Promise<{ body: unknown; violations: string[]; status: number }> {
  const described = model.operations[operation];
  if (!described) throw new Error(`AWS has no operation ${operation}`);
  const inputProblems = violations(described.input.shape, body);
  if (inputProblems.length > 0) throw new Error(`The request itself is not AWS's: ${inputProblems.join('; ')}`);
  const response = await fetch(endpoint + described.http.requestUri, {
    method: described.http.method,
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  return { body: answer, status: response.status, violations: response.ok ? violations(described.output.shape, answer) : [] };
}
