import * as z from 'zod';

const hostName = z
  .string()
  .regex(
    /^(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'expected a host name in lower case, as api.example.com',
  );

/** What clients see of the API, beyond the address that AWS gives it. */
export const domain = z
  .strictObject({
    name: hostName.describe('What clients call, as `api.example.com`.'),
    hostedZone: z
      .strictObject({
        id: z
          .string()
          .regex(/^Z[A-Z0-9]{1,31}$/, 'expected the id of a hosted zone, as Z0123456789ABCDEFGHIJ')
          .describe('`aws route53 list-hosted-zones`. Configured, not looked up: a synth asks no account anything.'),
        name: hostName.describe('The zone’s own name, as `example.com`.'),
      })
      .describe('A public Route 53 zone of this account, which takes the records of the name and of its certificate.'),
  })
  .refine(({ name, hostedZone }) => name === hostedZone.name || name.endsWith(`.${hostedZone.name}`), {
    path: ['name'],
    message: 'expected a name within the hosted zone beside it',
  })
  .optional()
  .describe(
    'A name of your own for the API, with a certificate that ACM renews by itself; the address that AWS gives the API is switched off then. Needs a hosted zone, which costs 0.50 USD a month.',
  );

export const edge = z
  .strictObject({
    requestsPerFiveMinutes: z
      .int()
      .min(10)
      .max(2_000_000_000)
      .default(2_000)
      .describe('Of one IP address, before it is refused: seven a second for five minutes is no person and no pipeline of ours.'),
  })
  .optional()
  .describe(
    'CloudFront with a web firewall (AWS’s managed rules and a rate limit) in front of the API, in a stack of its own in us-east-1, where AWS wants it. Needs `domain`. Off: the firewall alone costs 9 USD a month, and every route wants a signed token anyway.',
  );

/** Where CloudFront reaches the API. Public like every HTTP API: what does not come from CloudFront is refused by the functions. */
export const originName = (name: string): string => `origin.${name}`;
