import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LOAD_FAILED } from '../../../lib/constructs/model-alarms.ts';
import { SERVER_ENV } from '../../../lib/constructs/model-task.ts';
import { THE_OTHER_WAY } from '../every-switch.ts';
import { asText, synthesise } from '../synthesised.ts';
import { attributes, inference, MODEL, only, type Properties, propertiesOf, type Template } from './served-models.ts';

const service = only(inference, 'AWS::ECS::Service', MODEL);
const task = only(inference, 'AWS::ECS::TaskDefinition', MODEL);
const [container] = task.ContainerDefinitions as Properties[];
if (!container) throw new Error('the task has no container');
const variable = (name: string): string | undefined => {
  const found = (container.Environment as { Name: string; Value: unknown }[]).find(({ Name }) => Name === name);
  return found && asText(found.Value);
};

describe('a server', () => {
  it('runs on Arm with two processors and 4 GiB, or with what is configured', () => {
    expect(task).toMatchObject({
      Cpu: '2048',
      Memory: '4096',
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
    expect(only(inference, 'AWS::ECS::TaskDefinition', 'acmeproductphotos')).toMatchObject({ Cpu: '4096', Memory: '8192' });
  });

  it('runs the image of its repository, as a user without rights, on a root that it cannot write', () => {
    expect(asText(container.Image)).toMatch(/<InferenceImages>:[0-9a-f]{40}$/);
    expect(container).toMatchObject({
      EntryPoint: ['spotforge-inference'],
      Command: ['serve'],
      User: '1001',
      Privileged: false,
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
    });
  });

  it('can be pinned to a digest', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const pinned = synthesise({ ...THE_OTHER_WAY, images: { inference: { digest } } }).templates.inference;
    const [first] = only(pinned as Template, 'AWS::ECS::TaskDefinition').ContainerDefinitions as Properties[];
    expect(asText(first?.Image)).toMatch(/@sha256:0{64}$/);
  });

  it('writes bundles to a volume that goes with it, and nowhere else', () => {
    expect(task.Volumes).toEqual([{ Name: 'scratch' }]);
    expect(container.MountPoints).toEqual([{ SourceVolume: 'scratch', ContainerPath: '/scratch', ReadOnly: false }]);
    expect(variable('SPOTFORGE_CACHE')).toBe('/scratch/bundles');
  });

  it('knows its model, where its versions and their desired state lie, and the bus', () => {
    expect(variable('SPOTFORGE_MODEL')).toBe('acme/sentiment');
    expect(variable('SPOTFORGE_BUNDLES')).toBe('s3://<Releases>/bundles/acme/sentiment/');
    expect(variable('SPOTFORGE_STATE')).toBe('s3://<Releases>/serving/acme/sentiment/desired.json');
    expect(variable('SPOTFORGE_EVENT_BUS')).toBe('full-acme');
  });

  it('gets the token of promotions out of Secrets Manager; no variable and no template holds it', () => {
    const [secret, ...others] = container.Secrets as { Name: string; ValueFrom: unknown }[];
    expect(others).toEqual([]);
    expect(secret?.Name).toBe('SPOTFORGE_ADMIN_TOKEN');
    expect(asText(secret?.ValueFrom)).toBe('<acmesentimentAdminTokenSecret>');
    expect(variable('SPOTFORGE_ADMIN_TOKEN')).toBeUndefined();
    expect(only(inference, 'AWS::SecretsManager::Secret', MODEL)).toMatchObject({
      Name: 'full-acme/inference/acme/sentiment',
      GenerateSecretString: { PasswordLength: 48 },
    });
    expect(JSON.stringify(inference.toJSON())).not.toContain('SecretString":"');
  });

  it('is told by the names that its code reads', () => {
    const folder = new URL('../../../containers/inference/src/', import.meta.url);
    const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.rs'))
      .map((file) => readFileSync(new URL(file, folder), 'utf8'))
      .join('\n');
    const names = [...Object.values(SERVER_ENV), LOAD_FAILED];
    expect(names.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
  });

  it('is alive when it answers 200, and not when it answers otherwise or nobody listens', async () => {
    const [kind, ...probe] = (container.HealthCheck as { Command: string[] }).Command;
    expect(kind).toBe('CMD');
    let status = 200;
    const server = createServer((_request, response) => response.writeHead(status).end('x'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const alive = () =>
      promisify(execFile)(
        String(probe[0]),
        probe.slice(1).map((part) => part.replace('/8080', `/${port}`)),
      )
        .then(() => true)
        .catch(() => false);
    expect(await alive()).toBe(true);
    status = 503;
    expect(await alive()).toBe(false);
    await promisify(server.close.bind(server))();
    expect(await alive()).toBe(false);
  });

  it('is asked for readiness by the load balancer alone, and logs for as long as configured', () => {
    expect(container.HealthCheck).toMatchObject({ Interval: 15, Timeout: 5, Retries: 3, StartPeriod: 60 });
    expect(container.LogConfiguration).toMatchObject({ LogDriver: 'awslogs', Options: { mode: 'non-blocking' } });
    expect(only(inference, 'AWS::Logs::LogGroup', MODEL)).toMatchObject({
      LogGroupName: '/full-acme/inference/acme/sentiment',
      RetentionInDays: 30,
    });
  });
});

describe('no request is lost while scaling', () => {
  const groups = propertiesOf(inference, 'AWS::ElasticLoadBalancingV2::TargetGroup', MODEL);

  it('for requests under way have a minute, and a server has that minute and a half after SIGTERM', () => {
    expect(groups).toHaveLength(2);
    const delays = groups.map((group) =>
      Number(attributes(group, 'TargetGroupAttributes')['deregistration_delay.timeout_seconds']),
    );
    expect(delays).toEqual([60, 60]);
    expect(container.StopTimeout).toBe(90);
    expect(Number(container.StopTimeout)).toBeGreaterThanOrEqual(60);
    expect(Number(container.StopTimeout)).toBeLessThanOrEqual(120); // Fargate's most
  });

  it('for nobody is asked before it is ready, and whoever has the fewest requests is next', () => {
    for (const group of groups) {
      expect(group).toMatchObject({
        TargetType: 'ip',
        Protocol: 'HTTP',
        Port: 8080,
        HealthCheckPath: '/readyz',
        HealthCheckIntervalSeconds: 10,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 3,
        Matcher: { HttpCode: '200' },
      });
      const set = attributes(group, 'TargetGroupAttributes');
      expect(set).toMatchObject({ 'load_balancing.algorithm.type': 'least_outstanding_requests' });
      expect(set).not.toHaveProperty('slow_start.duration_seconds'); // excluded by the algorithm; servers are ready when they are warm
    }
    expect(service.HealthCheckGracePeriodSeconds).toBe(180);
  });
});
