import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../functions/shared/contracts/names.ts';
import { spotCheckCompleted, spotCheckReport } from '../../../functions/shared/contracts/spot-check.ts';
import { findReleases } from '../../../functions/spot-checks/find-releases.ts';
import { publishSpotCheck } from '../../../functions/spot-checks/publish-spot-check.ts';
import { spotCheckStore } from '../../../functions/spot-checks/spot-check-store.ts';
import { type LocalAws, localAws } from '../local-aws.ts';
import { aCheckedBundle, aFinding, aJob } from './a-spot-check.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
const events = mockClient(EventBridgeClient);
afterEach(() => events.reset());

const put = (Bucket: string, Key: string, Body = '{}') => aws.s3.send(new PutObjectCommand({ Bucket, Key, Body }));

describe('find-releases', () => {
  const find = (spotCheckId = 'night') => findReleases({ spotCheckId }, { s3: aws.s3, releases: aws.buckets.releases, most: 5 });

  it('finds nothing in an empty bucket, and then what is released', async () => {
    expect((await find()).found).toEqual({ bundles: 0, notes: [] });
    await put(aws.buckets.releases, 'bundles/acme/sentiment/1/bundle.json');
    expect(await find()).toEqual({
      environment: [
        { Name: 'SPOT_CHECK_ID', Value: 'night' },
        { Name: 'BUNDLES', Value: `["s3://${aws.buckets.releases}/bundles/acme/sentiment/1/"]` },
      ],
      found: { bundles: 1, notes: [] },
    });
  });

  it('refuses an execution whose name cannot stand in a key', async () => {
    await expect(find('my check/1')).rejects.toThrow(/execution name/);
  });
});

describe('publish-spot-check', () => {
  const services = () => ({
    store: spotCheckStore(aws.s3, aws.buckets.experiments),
    eventBridge: new EventBridgeClient({}),
    bus: 'the-bus',
    clock: { now: () => new Date('2026-10-01T04:10:00Z') },
  });
  const ended = (spotCheckId: string) => ({
    spotCheckId,
    startedAt: '2026-10-01T04:00:00Z',
    found: { bundles: 1, notes: ['a note'] },
    job: aJob,
  });
  const leave = (spotCheckId: string, finding: object) =>
    put(aws.buckets.experiments, keys.spotCheck(spotCheckId, 'finding'), JSON.stringify(finding));
  const stored = async (spotCheckId: string) => {
    const Key = keys.spotCheck(spotCheckId, 'report');
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: aws.buckets.experiments, Key }));
    return spotCheckReport.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  };
  const announced = () =>
    events.commandCalls(PutEventsCommand).map(({ args }) => {
      const [entry] = args[0].input.Entries ?? [];
      return { ...entry, Detail: spotCheckCompleted.parse(JSON.parse(entry?.Detail ?? '')) };
    });

  it('stores a report with the finding and announces it', async () => {
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    await leave('held', aFinding('held'));
    const report = `s3://${aws.buckets.experiments}/spot-checks/held/report.json`;
    expect(await publishSpotCheck(ended('held'), services())).toMatchObject({ outcome: 'held', report });
    expect(await stored('held')).toMatchObject({ outcome: 'held', notes: ['a note'], finding: aFinding('held') });
    expect(announced()).toMatchObject([
      {
        EventBusName: 'the-bus',
        Source: 'spotforge.spot-checks',
        DetailType: 'Spot Check Completed',
        Detail: { outcome: 'held', report },
      },
    ]);
  });

  it.each([
    ['no finding', undefined],
    ['a finding that breaks its contract', { ...aFinding('broken'), bundles: 'all' }],
    ['the finding of another spot check', aFinding('another')],
  ])('fails with %s', async (name, finding) => {
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    const id = name.replaceAll(' ', '-');
    if (finding) await leave(id, finding);
    expect((await publishSpotCheck(ended(id), services())).outcome).toBe('failed');
  });

  it('keeps the report that it wrote first when it is asked again after the bus refused', async () => {
    events
      .on(PutEventsCommand)
      .resolvesOnce({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'Busy' }] })
      .resolves({ FailedEntryCount: 0 });
    await leave('again', aFinding('again', [aCheckedBundle('sentiment', 'drifted')]));
    await expect(publishSpotCheck(ended('again'), services())).rejects.toThrow(/refused again: Busy/);
    await leave('again', aFinding('again'));
    expect((await publishSpotCheck(ended('again'), services())).outcome).toBe('drifted');
    expect(announced()).toHaveLength(2);
  });
});
