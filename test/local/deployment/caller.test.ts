import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callerAt } from '../../../local/deployment/caller.ts';
import { awsCommand, placeOf } from '../../../local/deployment/place.ts';
import { answer, refusal } from '../preflight/documented.ts';

/** A shell in which nothing about AWS is set up. */
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', mkdtempSync(join(tmpdir(), 'spotforge-home-')));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => vi.unstubAllEnvs());

describe('the place that a command looks at', () => {
  it('is named by the option, or by the shell', async () => {
    expect(await placeOf({ region: 'eu-west-1' })).toEqual({ region: 'eu-west-1' });
    vi.stubEnv('AWS_REGION', 'us-west-2');
    expect(await placeOf({ profile: 'work' })).toEqual({ region: 'us-west-2', profile: 'work' });
  });

  it('is asked for when nothing names it', async () => {
    await expect(placeOf({ profile: 'work' })).rejects.toThrow(/give --region REGION, .*--profile work/);
  });

  it('stands in every command that is to be copied', () => {
    expect(awsCommand('iam list-roles', { region: 'eu-west-1' })).toBe('aws iam list-roles --region eu-west-1');
    expect(awsCommand('iam list-roles', { region: 'eu-west-1', profile: 'work' })).toMatch(/--profile work$/);
  });
});

describe('the caller', () => {
  it('is who AWS says it is', async () => {
    const sts = mockClient(STSClient);
    sts.on(GetCallerIdentityCommand).resolves(answer('sts-get-caller-identity', 'user'));
    expect(await callerAt({ region: 'us-east-1' })).toEqual({
      account: '123456789012',
      arn: 'arn:aws:iam::123456789012:user/DevAdmin',
    });
    sts.restore();
  });

  it('without credentials is told how to sign in', async () => {
    await expect(callerAt({ region: 'us-east-1' })).rejects.toThrow(
      /^There are no AWS credentials to ask with \(.+\)\. Sign in first: `aws configure`/,
    );
    await expect(callerAt({ region: 'us-east-1', profile: 'nobody' })).rejects.toThrow(/aws sso login --profile nobody/);
  });

  it('with credentials that AWS does not take is told so', async () => {
    const sts = mockClient(STSClient);
    sts.on(GetCallerIdentityCommand).rejects(refusal('sts-get-caller-identity', 'wrong credentials'));
    await expect(callerAt({ region: 'us-east-1' })).rejects.toThrow(
      /^AWS does not take these credentials \(InvalidClientTokenId: The security token included in the request is invalid\)/,
    );
    sts.restore();
  });

  it('that reaches nothing is told to look at the network and the region’s name', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9'); // the discard port: nobody listens
    await expect(callerAt({ region: 'eu-nowhere-1' })).rejects.toThrow(
      /^AWS in eu-nowhere-1 did not say who is calling \(.*ECONNREFUSED/,
    );
  });
});
