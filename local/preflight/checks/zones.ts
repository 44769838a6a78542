import type { Place } from '../../deployment/place.ts';
import { type Finding, finding } from '../finding.ts';
import type { Needs } from '../needs.ts';

/** Names of the region's available zones, local and wavelength zones left out. */
export type Zones = readonly string[];

/** The ones that the stacks take: `Fn::GetAZs` sorts by name. */
export const usedZones = (zones: Zones, needs: Needs): string[] => [...zones].sort().slice(0, needs.zones);

export const judgeZones = (zones: Zones, needs: Needs, { region }: Place): Finding[] =>
  zones.length >= needs.zones
    ? [finding('ok', `${zones.length} zones in ${region}, ${needs.zones} wanted: ${usedZones(zones, needs).join(', ')}`)]
    : [
        finding(
          'blocks',
          `${region} has ${zones.length} zones for this account, but availabilityZones is ${needs.zones}: the network cannot be made. Set availabilityZones to ${zones.length}.`,
        ),
      ];
