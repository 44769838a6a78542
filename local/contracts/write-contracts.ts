/**
 * Writes what is generated from zod: of the contracts JSON Schemas into contracts/, pydantic models and names into the runtime package; of the
 * deployment's configuration docs/configuration.md.
 * `--check` writes nothing and fails when a committed file is stale.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { DOCUMENTS, PYTHON_DOCUMENTS } from '../../functions/shared/contracts/documents.ts';
import { configurationPage } from './configuration-page.ts';
import { openApi } from './openapi.ts';
import { pythonNames } from './python-names.ts';

const ROOT = join(import.meta.dirname, '../..');
const PYTHON_CONTRACTS = 'containers/runtime/spotforge_runtime/contracts';
type JsonSchema = Record<string, unknown>;

/** zod's JSON Schema of a document as its reader sees it: defaults are applied, unknown keys refused. */
const jsonSchema = (name: string): JsonSchema => {
  const schema = DOCUMENTS[name];
  if (!schema) throw new Error(`no document ${name} in functions/shared/contracts/documents.ts`);
  return z.toJSONSchema(schema, { target: 'draft-2020-12', io: name.endsWith('-request') ? 'input' : 'output' }) as JsonSchema;
};

const title = (name: string): string =>
  name
    .split('-')
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
    .join('');

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The same schema for pydantic: instants stay the strings that they are on the wire, and the patterns that Rust's regex engine
 * cannot read (look-ahead) are left to the zod side, which sees every document that crosses into TypeScript.
 */
const forPython = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(forPython);
  if (typeof value !== 'object' || value === null) return value;
  const { $schema: _, id: _id, ...rest } = value as JsonSchema;
  if (rest.maximum === Number.MAX_SAFE_INTEGER) delete rest.maximum;
  if (rest.format === 'date-time') {
    delete rest.format;
    rest.pattern = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$';
  }
  if (rest.format === 'date') delete rest.format;
  if (typeof rest.pattern === 'string' && /\(\?[=!<]/.test(rest.pattern)) delete rest.pattern;
  if (Array.isArray(rest.anyOf)) rest.anyOf = rest.anyOf.map(plainScalar);
  if (typeof rest.items === 'object') rest.items = plainScalar(rest.items as JsonSchema);
  return Object.fromEntries(Object.entries(rest).map(([key, entry]) => [key, forPython(entry)]));
};

/** A scalar inside a union or a list without its bounds: with them the generator wraps it in a class of its own. */
const plainScalar = (schema: JsonSchema): JsonSchema =>
  schema.type === 'string' || schema.type === 'integer' || schema.type === 'number' ? { type: schema.type } : schema;

/** A document's own definition and those it refers to, by name. */
const definitions = (name: string): JsonSchema => {
  const { $defs, ...root } = forPython(jsonSchema(name)) as JsonSchema & { $defs?: JsonSchema };
  return root.$ref === undefined ? { ...$defs, [title(name)]: { ...root, title: title(name) } } : { ...$defs };
};

const pydanticModels = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'spotforge-contracts-'));
  try {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Documents',
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(PYTHON_DOCUMENTS.map((name) => [name, { $ref: `#/$defs/${title(name)}` }])),
      $defs: Object.assign({}, ...PYTHON_DOCUMENTS.map(definitions)),
    };
    const input = join(folder, 'documents.json');
    const output = join(folder, 'models.py');
    writeFileSync(input, json(schema));
    execFileSync(
      join(ROOT, '.venv/bin/datamodel-codegen'),
      [
        ...['--input', input, '--input-file-type', 'jsonschema', '--output', output],
        ...['--output-model-type', 'pydantic_v2.BaseModel', '--target-python-version', '3.11', '--disable-timestamp'],
        ...[
          '--snake-case-field',
          '--allow-population-by-field-name',
          '--strict-nullable',
          '--use-annotated',
          '--use-schema-description',
        ],
        ...['--enum-field-as-literal', 'all', '--use-union-operator', '--use-standard-collections', '--use-title-as-name'],
        ...[
          '--collapse-root-models',
          '--formatters',
          'ruff-format',
          '--custom-file-header',
          '"""Generated from contracts/ by `npm run contracts`. Do not edit."""',
        ],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    return readFileSync(output, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const generated = (): Map<string, string> => {
  const files = new Map<string, string>();
  for (const name of Object.keys(DOCUMENTS)) files.set(`contracts/${name}.schema.json`, json(jsonSchema(name)));
  files.set('contracts/openapi.json', json(openApi()));
  files.set(`${PYTHON_CONTRACTS}/names.py`, pythonNames());
  files.set(`${PYTHON_CONTRACTS}/models.py`, pydanticModels());
  files.set('docs/configuration.md', configurationPage());
  return files;
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of generated()) {
  const file = join(ROOT, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === content) continue;
  if (check) stale.push(path);
  else writeFileSync(file, content);
}
if (stale.length > 0) {
  console.error(`These generated files are stale; run \`npm run contracts\` and commit them:\n  ${stale.join('\n  ')}`);
  process.exit(1);
}
