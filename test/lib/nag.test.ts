import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { allow } from '../../lib/constructs/allow.ts';
import { DEPLOYMENTS } from './every-switch.ts';
import { synthesise, synthesiseSpoiled } from './synthesised.ts';

describe('cdk-nag', () => {
  it.each(Object.entries(DEPLOYMENTS))('lets %s pass with its acknowledgements', (_name, deployment) => {
    expect(() => synthesise(deployment)).not.toThrow();
  });

  it('is really asked: a bucket without TLS makes the synth fail', () => {
    expect(() => synthesiseSpoiled(({ storage }) => new Bucket(storage, 'Careless'))).toThrow();
  });

  it('fails on a wildcard that nobody gave a reason for', () => {
    const grant = { actions: ['s3:GetObject'], resources: ['arn:aws:s3:::somewhere/*'] };
    expect(() => synthesiseSpoiled(({ pipeline }) => allow(pipeline.machine.role, grant))).toThrow();
  });

  it('fails on a reason for a wildcard that is not there, so that reasons do not outlive what they excuse', () => {
    const grant = { actions: ['s3:GetObject'], resources: ['arn:aws:s3:::somewhere/one'], because: 'It was wider once.' };
    expect(() => synthesiseSpoiled(({ pipeline }) => allow(pipeline.machine.role, grant))).toThrow(/It was wider once/);
  });
});
