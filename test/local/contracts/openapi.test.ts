import { describe, expect, it } from 'vitest';
import { openApi } from '../../../local/contracts/openapi.ts';

type Operation = { operationId: string; responses: Record<string, object>; security?: object[]; requestBody?: object };
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { additionalProperties?: unknown }> };
};

const document = openApi() as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, ...operation })),
);

describe('the OpenAPI document', () => {
  it('describes every route of the API', () => {
    expect(operations.map(({ route }) => route)).toEqual([
      'POST /v1/uploads',
      'POST /v1/datasets',
      'GET /v1/datasets',
      'GET /v1/datasets/{name}',
      'POST /v1/datasets/{name}/versions',
      'GET /v1/datasets/{name}/versions',
      'GET /v1/datasets/{name}/versions/{version}',
      'POST /v1/experiments',
      'GET /v1/experiments',
      'GET /v1/experiments/{id}',
      'DELETE /v1/experiments/{id}',
      'POST /v1/experiments/{id}/resume',
      'GET /v1/experiments/{id}/events',
      'GET /v1/experiments/{id}/artifacts',
      'GET /v1/healthz',
    ]);
  });

  it('names how each can be refused, and lets only the health check in without a token', () => {
    for (const { route, responses, security, requestBody } of operations) {
      const open = route === 'GET /v1/healthz';
      expect([route, security]).toEqual([route, open ? [] : undefined]);
      const expected = [...(open ? [] : ['401', '403', '503']), ...(requestBody ? ['400', '413', '415', '422'] : [])];
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(expected));
    }
  });

  it('has every schema that it refers to, and says of requests that unknown keys are refused', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(20);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(references)]));
    for (const name of ['ExperimentRequest', 'UploadRequest']) {
      expect(document.components.schemas[name]).toMatchObject({ additionalProperties: false });
    }
  });
});
