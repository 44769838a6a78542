import { IAMClient, paginateListRoles } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { tierFolder } from '../../local/tier/paths.ts';
import { readMemory } from '../../local/tier/tier-record.ts';
import { DENIED } from '../policies/denied.ts';
import { type Credentials, type Deployed, outcomeOf } from './attempted-calls.ts';

const { endpoint, region } = inject('tier');

/** The root key is the only one that may take any role: it stands in for Lambda, ECS and the others that AWS lets take theirs. */
const rootKey = (): Credentials => {
  const memory = readMemory(tierFolder('test'));
  if (!memory) throw new Error('the tier has no root key');
  return { accessKeyId: memory.rootAccessKeyId, secretAccessKey: memory.rootSecretAccessKey };
};

describe('a role', () => {
  const root = rootKey();
  const arns = new Map<string, string>();
  const at: Deployed = {
    endpoint,
    region,
    outputs: inject('outputs'),
    roleArn: (name) => {
      const found = [...arns].filter(([role]) => role.includes(`-${name}`)).map(([, arn]) => arn);
      if (found.length !== 1) throw new Error(`${found.length} roles are named ${name}: ${[...arns.keys()].join(', ')}`);
      return String(found[0]);
    },
  };

  const credentialsOf = async (name: string): Promise<Credentials> => {
    const sts = new STSClient({ endpoint, region, credentials: root });
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: at.roleArn(name), RoleSessionName: 'policies' }));
    if (!Credentials?.AccessKeyId || !Credentials.SecretAccessKey || !Credentials.SessionToken)
      throw new Error(`${name} gave no key`);
    const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials;
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  };

  beforeAll(async () => {
    const client = new IAMClient({ endpoint, region, credentials: root });
    for await (const { Roles = [] } of paginateListRoles({ client }, {}))
      for (const { RoleName, Arn } of Roles) arns.set(String(RoleName), String(Arn));
  });

  it.each(Object.entries(DENIED))('%s is refused whatever lies beyond what it is for', async (role, calls) => {
    const own = await credentialsOf(role);
    const outcomes = calls.map(async (call) => [call, await outcomeOf(call, own, at)]);
    expect(await Promise.all(outcomes)).toEqual(calls.map((call) => [call, 'refused']));
  });

  it('is refused for its policies and for nothing else: whoever may do everything is refused none of it', async () => {
    const calls = [...new Set(Object.values(DENIED).flat())].filter(
      (call) => !call.startsWith('events:PutEvents default as aws.'),
    );
    const outcomes = calls.map(async (call) => [call, await outcomeOf(call, root, at)]);
    expect(await Promise.all(outcomes)).toEqual(calls.map((call) => [call, 'allowed']));
  });

  it('is refused sixty calls and more, and every role of the stacks is among them', () => {
    expect(Object.values(DENIED).flat().length).toBeGreaterThanOrEqual(60);
    const ours = [...arns.keys()].filter((name) => name.startsWith('spotforge-'));
    const named = Object.keys(DENIED).filter((role) => ours.some((name) => name.includes(`-${role}`)));
    expect(named.sort()).toEqual(Object.keys(DENIED).sort());
    expect(ours.filter((name) => !named.some((role) => name.includes(`-${role}`)))).toEqual([]);
  });
});
