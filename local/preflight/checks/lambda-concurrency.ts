import { awsCommand, type Place } from '../../deployment/place.ts';
import { type Finding, finding } from '../finding.ts';
import type { Needs } from '../needs.ts';

export type Concurrency = { limit: number; unreserved: number };

const QUOTA = 'L-B99A9384';
/** AWS's default; new accounts start with less, down to 10. */
const USUAL_LIMIT = 1_000;
/** What Lambda keeps for functions without a reservation: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const KEPT_UNRESERVED = 100;

/** Enough is one invocation of every function at the same time: each is triggered on its own, and a call lasts a fraction of a second. */
export const judgeConcurrency = ({ limit, unreserved }: Concurrency, { lambda }: Needs, place: Place): Finding[] => {
  const { functions, reserved } = lambda;
  const todo = [
    awsCommand(
      `service-quotas request-service-quota-increase --service-code lambda --quota-code ${QUOTA} --desired-value ${USUAL_LIMIT}`,
      place,
    ),
    `https://${place.region}.console.aws.amazon.com/servicequotas/home/services/lambda/quotas/${QUOTA}`,
  ];
  const has = `${limit} invocations at a time, ${unreserved} of them unreserved`;
  if (reserved > 0 && unreserved - reserved < KEPT_UNRESERVED) {
    return [
      finding(
        'blocks',
        `${has}, of which the deployment reserves ${reserved}: Lambda keeps ${KEPT_UNRESERVED} unreserved and refuses the functions.`,
        ...todo,
      ),
    ];
  }
  return unreserved - reserved >= functions
    ? [finding('ok', `${has}, ${functions} wanted, one of each function`)]
    : [
        finding(
          'degrades',
          `${has}, fewer than the ${functions} functions: under load the API answers 503 and events wait for a retry. A new account’s limit is raised with use, or on request.`,
          ...todo,
        ),
      ];
};
