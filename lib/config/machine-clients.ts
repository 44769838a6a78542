import * as z from 'zod';
import { name, tenant } from '../../functions/shared/contracts/primitives.ts';

/** Group names become scopes of a client, which may not have these: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResourceServerScopeType.html */
const group = z.string().regex(/^[^\s/"\\]+$/, 'expected a group name without spaces, slashes, backslashes and quotes');

export const machineClients = z
  .record(
    name,
    z.strictObject({
      tenant: tenant.describe('Whose experiments it submits and sees.'),
      groups: z.array(group).default([]).describe('Which of `identity.groups` it is in. None: no route asks for a group yet.'),
    }),
  )
  .refine((clients) => Object.keys(clients).length <= 10, 'expected at most 10 clients: a user pool has 100 scopes at most')
  .default({})
  .describe(
    'Machines that call the API without a person, such as a CI: by name, the tenant each one calls for and its groups. Each gets a client with a secret in the user pool. None: AWS bills such clients by the month and by the token.',
  );
