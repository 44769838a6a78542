import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { consumptionRecorded } from '../../functions/shared/contracts/consumption.ts';
import { EVENTS } from '../../functions/shared/contracts/names.ts';
import { ROOT } from '../../local/tier/paths.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { source, detailType } = EVENTS.consumptionRecorded;
/** An event as the bus delivers it. The crates' tests hold what the server writes against the same file. */
const event = JSON.parse(read('test/fixtures/inference/consumption-recorded.json'));

describe('what the inference server puts on the bus', () => {
  it('keeps to its contract', () => {
    expect(event).toMatchObject({ source, 'detail-type': detailType });
    expect(consumptionRecorded.parse(event.detail)).toEqual(event.detail);
  });

  it('goes by the names that its code says', () => {
    const code = read('containers/inference/src/events/announcer.rs');
    expect(code).toContain(`const SOURCE: &str = "${source}";`);
    expect(code).toContain(`const DETAIL_TYPE: &str = "${detailType}";`);
  });

  it.each(Object.keys(event.detail))('is refused without %s, and with anything beside', (field) => {
    const { [field]: _, ...rest } = event.detail;
    expect(consumptionRecorded.safeParse(rest).success).toBe(false);
    expect(consumptionRecorded.safeParse({ ...event.detail, inputs: ['a text'] }).success).toBe(false);
  });
});
