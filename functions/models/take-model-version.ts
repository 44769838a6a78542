import * as z from 'zod';
import { documentClient } from '../shared/clients.ts';
import { experimentId, name, positiveInteger, tenant } from '../shared/contracts/primitives.ts';
import { eventHandler } from '../shared/handlers.ts';
import { type ModelVersions, modelVersions } from './model-versions.ts';

export const environment = ['TABLE_NAME'] as const;

const request = z.strictObject({ experimentId, run: positiveInteger, tenant, model: name });

/** The state machine is about to bundle: which version will it be? A replay, or a resumed run, is told the same one. */
export const takeModelVersion = async (event: unknown, versions: ModelVersions): Promise<{ version: number }> => {
  const { tenant, model, experimentId } = request.parse(event);
  return { version: await versions.take({ tenant, model, experimentId }) };
};

export const handler = eventHandler(
  environment,
  ({ TABLE_NAME }) => modelVersions({ client: documentClient(), table: TABLE_NAME }),
  takeModelVersion,
);
