import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findSubjects } from '../../../functions/rehearsals/find-subjects.ts';
import { publishReport } from '../../../functions/rehearsals/publish-report.ts';
import { rehearsalStore } from '../../../functions/rehearsals/rehearsal-store.ts';
import { keys, type Rehearsal } from '../../../functions/shared/contracts/names.ts';
import { rehearsalCompleted, rehearsalReport } from '../../../functions/shared/contracts/rehearsal.ts';
import { listObjects } from '../../../functions/shared/list-objects.ts';
import { type LocalAws, localAws } from '../local-aws.ts';
import { aFinding, anEndedJob, anEndedRehearsal } from './a-rehearsal.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
const events = mockClient(EventBridgeClient);
afterEach(() => events.reset());

const put = (Bucket: string, Key: string, Body = '{}') => aws.s3.send(new PutObjectCommand({ Bucket, Key, Body }));

describe('find-subjects', () => {
  const find = (upgrade: object | null = null) =>
    findSubjects(
      { rehearsalId: 'r1', upgrade },
      {
        s3: aws.s3,
        checkpoints: aws.buckets.checkpoints,
        releases: aws.buckets.releases,
        upgrade: { package: 'onnxruntime' },
      },
    );

  it('finds nothing in empty buckets, and then what is put there', async () => {
    expect(await find()).toMatchObject({ jobs: [], subjects: { checkpoint: null, newestBundle: null } });
    await put(aws.buckets.checkpoints, 'exp_01arz3ndektsv4rrffq69g5fav/27-r1-1/COMMITTED');
    await put(aws.buckets.releases, 'bundles/acme/sentiment/1/bundle.json');
    await put(aws.buckets.releases, 'bundles/acme/sentiment/2/bundle.json');
    const { jobs, skipped, subjects } = await find();
    expect(subjects.newestBundle).toBe(`s3://${aws.buckets.releases}/bundles/acme/sentiment/2/`);
    expect(jobs.map(({ rehearsal }) => rehearsal)).toEqual(['restore', 'rollback', 'upgrade']);
    expect(skipped).toEqual([]);
  });

  it('takes the package that was asked for instead of the deployment’s, and refuses what is none', async () => {
    const chosen = (await find({ package: 'numpy', version: '2.5.0' })).jobs.at(-1)?.environment;
    expect(chosen).toContainEqual({ Name: 'UPGRADE_PACKAGE', Value: 'numpy' });
    expect(chosen).toContainEqual({ Name: 'UPGRADE_VERSION', Value: '2.5.0' });
    await expect(find({ package: '--index-url=http://evil' })).rejects.toThrow(/package/);
  });

  it('refuses an execution whose name cannot stand in a key', async () => {
    const services = { s3: aws.s3, checkpoints: '', releases: '', upgrade: { package: 'onnxruntime' } };
    await expect(findSubjects({ rehearsalId: 'my rehearsal/1', upgrade: null }, services)).rejects.toThrow(/execution name/);
  });

  it('lists page by page, up to a bound, and says when there was more', async () => {
    const keysBelow = Array.from({ length: 5 }, (_, index) => `listed/${index}`);
    await Promise.all(keysBelow.map((key) => put(aws.buckets.datasets, key)));
    const all = await listObjects(aws.s3, aws.buckets.datasets, 'listed/');
    expect(all).toMatchObject({ whole: true, objects: keysBelow.map((key) => ({ key })) });
    expect(await listObjects(aws.s3, aws.buckets.datasets, 'listed/', 0)).toEqual({ objects: [], whole: false });
  });
});

describe('publish-report', () => {
  const services = () => ({
    store: rehearsalStore(aws.s3, aws.buckets.experiments),
    eventBridge: new EventBridgeClient({}),
    bus: 'the-bus',
    clock: { now: () => new Date('2026-10-01T05:10:00Z') },
  });
  const ended = (rehearsalId: string) => {
    const { startedAt, interruption, subjects, skipped, jobs } = anEndedRehearsal();
    return { rehearsalId, startedAt, interruption, subjects, skipped, jobs };
  };
  const stored = async (rehearsalId: string) => {
    const Key = keys.rehearsal(rehearsalId, 'report');
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: aws.buckets.experiments, Key }));
    return rehearsalReport.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  };
  const leave = (rehearsal: Rehearsal, rehearsalId: string, finding: object = aFinding(rehearsal, rehearsalId)) =>
    put(aws.buckets.experiments, keys.rehearsal(rehearsalId, rehearsal), JSON.stringify(finding));
  const announced = () =>
    events.commandCalls(PutEventsCommand).map(({ args }) => {
      const [entry] = args[0].input.Entries ?? [];
      return { ...entry, Detail: rehearsalCompleted.parse(JSON.parse(entry?.Detail ?? '')) };
    });

  it('puts the findings into one report and announces it', async () => {
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    await Promise.all((['restore', 'rollback', 'upgrade'] as const).map((rehearsal) => leave(rehearsal, 'all')));
    const report = `s3://${aws.buckets.experiments}/rehearsals/all/report.json`;
    expect(await publishReport(ended('all'), services())).toEqual({ outcome: 'passed', report });
    expect(await stored('all')).toMatchObject({ outcome: 'passed', endedAt: '2026-10-01T05:10:00.000Z' });
    expect(announced()).toMatchObject([
      {
        EventBusName: 'the-bus',
        Source: 'spotforge.rehearsals',
        DetailType: 'Rehearsal Completed',
        Detail: { rehearsalId: 'all', outcome: 'passed', report },
      },
    ]);
  });

  it('fails what left no finding, one that breaks its contract, or another rehearsal’s', async () => {
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    await leave('restore', 'broken', { ...aFinding('restore', 'broken'), figures: { restore: { step: 'many' } } });
    await leave('rollback', 'broken', aFinding('rollback', 'an-older-one'));
    expect((await publishReport(ended('broken'), services())).outcome).toBe('failed');
    expect((await stored('broken')).steps.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  });

  it('keeps the report that it wrote first when it is asked again after the bus refused, and announces that one', async () => {
    events
      .on(PutEventsCommand)
      .resolvesOnce({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'Busy' }] })
      .resolves({ FailedEntryCount: 0 });
    await expect(publishReport(ended('again'), services())).rejects.toThrow(/refused again: Busy/);
    const first = await stored('again');
    await leave('restore', 'again');
    const passedMeanwhile = { ...ended('again'), jobs: [anEndedJob('restore')] };
    expect((await publishReport(passedMeanwhile, services())).outcome).toBe(first.outcome);
    expect(await stored('again')).toEqual(first);
    expect(announced()).toHaveLength(2);
  });
});
