import * as z from 'zod';
import { TierFailure } from '../../tier/tier-failure.ts';
import type { Pricing } from '../bill-item.ts';
import { REFERENCE } from '../reference-usage.ts';

const retained = z.looseObject({ RetentionInDays: z.number() });

/** @throws TierFailure for a log group without retention: it costs more every month, which no monthly figure can say */
export const LOGS: Pricing = {
  types: ['AWS::Logs::LogGroup'],
  items: (resources, charge) => {
    const groups = resources.ofType('AWS::Logs::LogGroup');
    const endless = groups.find(({ properties }) => !retained.safeParse(properties).success);
    if (endless)
      throw new TierFailure(`The log group ${endless.id} of ${endless.stack} has no retention: what it costs grows for ever.`);
    return groups.length === 0
      ? []
      : [charge('logs of experiments, within retention', 'logs.storage', REFERENCE.experimentLogsGb)];
  },
};
