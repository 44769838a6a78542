import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseDeployment } from '../../../lib/config/load-deployment.ts';
import { callerAt } from '../../../local/deployment/caller.ts';
import { placeOf } from '../../../local/deployment/place.ts';
import { resourcesOf } from '../../../local/deployment/template-resources.ts';
import { runCheck } from '../../../local/preflight/check.ts';
import { checksOf } from '../../../local/preflight/checks-of.ts';
import type { Finding } from '../../../local/preflight/finding.ts';
import { needsOf } from '../../../local/preflight/needs.ts';
import type { Service } from '../../../local/tier/service.ts';
import { rememberedOrNew } from '../../../local/tier/tier-memory.ts';
import { endpointsOf, REGION, startAws } from '../../../local/tier/tier-services.ts';

const PARAMETER = '/cdk-bootstrap/hnb659fds/version';
const folder = mkdtempSync(join(tmpdir(), 'spotforge-preflight-'));
let service: Service;
let root: { accessKeyId: string; secretAccessKey: string };
let endpoint: string;

const asUser = (keys: { accessKeyId: string; secretAccessKey: string }): void => {
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  vi.stubEnv('AWS_REGION', REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', keys.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.secretAccessKey);
};

const preflight = async (): Promise<Record<string, Finding[]>> => {
  const place = await placeOf({});
  const caller = await callerAt(place);
  const bootstrap = { version: 6, parameter: PARAMETER, regions: [place.region] };
  const needs = needsOf(parseDeployment({}), resourcesOf({}), bootstrap);
  const checks = checksOf(needs, place, caller.account);
  const answers = await Promise.all(checks.map(async (check) => [check.name, await runCheck(check, caller)] as const));
  return Object.fromEntries(answers);
};

beforeAll(async () => {
  mkdirSync(join(folder, 'aws'));
  const memory = await rememberedOrNew(folder, undefined);
  service = await startAws(folder, memory);
  root = { accessKeyId: memory.rootAccessKeyId, secretAccessKey: memory.rootSecretAccessKey };
  endpoint = endpointsOf(memory).emulator;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('over the wire of an AWS that has not everything', () => {
  it('finds what is missing and what is there', async () => {
    asUser(root);
    const before = await preflight();
    expect(before['bootstrap version in us-east-1']?.[0]?.severity).toBe('blocks');
    expect(before['bootstrap stack in us-east-1']?.[0]?.severity).toBe('note');
    expect(before['image spotforge/data']?.[0]?.severity).toBe('note');
    expect(before.zones?.[0]?.severity).toBe('ok');
    expect(before['Lambda concurrency']?.[0]?.severity).toBe('ok');
    expect(before['service-linked roles']).toHaveLength(4);

    await new SSMClient({ endpoint, region: REGION, credentials: root }).send(
      new PutParameterCommand({ Name: PARAMETER, Value: '21', Type: 'String' }),
    );
    expect((await preflight())['bootstrap version in us-east-1']?.[0]?.severity).toBe('ok');
  });

  it('says unchecked of an API that is not there', async () => {
    asUser(root);
    const findings = await preflight();
    expect(findings['instance types']).toEqual([
      { severity: 'unchecked', says: expect.stringMatching(/^instance types: InvalidAction/), todo: [] },
    ]);
    expect(findings['quotas for instances']?.[0]?.severity).toBe('unchecked');
  });

  it('names to a user without a policy what each question takes', async () => {
    const iam = new IAMClient({ endpoint, region: REGION, credentials: root });
    await iam.send(new CreateUserCommand({ UserName: 'newcomer' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'newcomer' }));
    asUser({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
    const findings = await preflight();
    const says = (name: string): string | undefined => findings[name]?.[0]?.says;
    expect(says('zones')).toMatch(/user\/newcomer may not look\. It takes ec2:DescribeAvailabilityZones\.$/);
    expect(says('service-linked roles')).toMatch(/may not look\. It takes iam:ListRoles\.$/);
    expect(says('bootstrap version in us-east-1')).toMatch(/may not look\. It takes ssm:GetParameter\.$/);
    expect(says('bootstrap stack in us-east-1')).toMatch(/may not look\. It takes cloudformation:DescribeStacks\.$/);
    expect(says('image spotforge/data')).toMatch(/may not look\. It takes ecr:DescribeImages\.$/);
    // The local AWS lets everybody ask Lambda for the account's settings; the fixtures have what AWS answers.
    const { 'Lambda concurrency': _open, ...others } = findings;
    const severities = Object.values(others).flatMap((each) => each.map(({ severity }) => severity));
    expect(new Set(severities)).toEqual(new Set(['unchecked']));
  });

  it('is one sentence for a key that AWS does not know', async () => {
    asUser({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wrong' });
    await expect(preflight()).rejects.toThrow(/^AWS does not take these credentials \(\w+: .*\): mistyped, deleted or expired/);
  });
});
