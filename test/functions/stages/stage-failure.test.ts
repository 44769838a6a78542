import { describe, expect, it } from 'vitest';
import { EXIT_CODES, STAGE_ERRORS } from '../../../functions/shared/contracts/names.ts';
import { REMEDIES } from '../../../functions/stages/failure-remedies.ts';
import { jobThatEnded } from './batch-failure.ts';
import { decideFixture as decide } from './decide-fixture.ts';

describe('what a failed attempt means', () => {
  it('puts our own reason before everything that the process said', () => {
    const job = { ...jobThatEnded('gate-rejected'), statusReason: 'Stage.CapacityUnavailable: nothing came up for an hour' };
    expect(decide('gate-rejected', { job })).toMatchObject({
      error: 'Stage.CapacityUnavailable',
      message: 'nothing came up for an hour',
    });
  });

  it('puts a reclaimed host before the exit code of the process that it took along', () => {
    const job = { ...jobThatEnded('host-terminated'), exitCode: EXIT_CODES.diverged };
    expect(decide('host-terminated', { job }).error).toBe('Stage.Interrupted');
  });

  it.each([
    [
      'cannot-pull-disk-full',
      'The attempt ended without an exit code: Task failed to start: CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device',
    ],
    ['out-of-memory', 'The attempt ended with exit code 137: OutOfMemoryError: Container killed due to memory usage'],
    ['host-terminated', 'The attempt ended without an exit code: Host EC2 (instance i-0123456789abcdef0) terminated.'],
    ['exit-one', 'The attempt ended with exit code 1: Essential container in task exited'],
    ['never-started', 'The attempt ended without an exit code.'],
  ])('says what the task and what its container had to say: %s', (name, message) => {
    expect(decide(name).message).toBe(message);
  });

  it("tells the stage's own account when it is about the same error", () => {
    const report = {
      name: 'Stage.Diverged' as const,
      message: 'The loss became NaN at step 12.',
      where: 'train.learningRate',
      remedy: 'Try 5e-5.',
      diagnostics: ['s3://experiments/a/b.json'],
    };
    expect(decide('diverged', { result: { verdict: 'failed', report } })).toMatchObject({
      message: report.message,
      where: report.where,
      remedy: report.remedy,
      diagnostics: report.diagnostics,
    });
    expect(decide('invalid-input', { result: { verdict: 'failed', report } })).toMatchObject({
      where: null,
      remedy: REMEDIES['Stage.InvalidInput'],
    });
  });

  it('believes a stage that found the contract broken and has no exit code for it', () => {
    const report = {
      name: 'Stage.ContractBroken' as const,
      message: 'A hash differs.',
      where: null,
      remedy: null,
      diagnostics: [],
    };
    expect(decide('exit-one', { result: { verdict: 'failed', report } })).toMatchObject({
      error: 'Stage.ContractBroken',
      action: 'fail',
      message: 'A hash differs.',
    });
  });

  it('says why a job that ended with 0 did not keep its contract', () => {
    expect(decide('exit-zero').message).toBe('The stage ended without an error, but it left no result.json.');
    const report = { name: 'Stage.Failed' as const, message: 'm', where: null, remedy: null, diagnostics: [] };
    expect(decide('exit-zero', { result: { verdict: 'failed', report } }).message).toMatch(/reports a failure/);
  });

  it('has a remedy, in whole sentences, for every error', () => {
    expect(Object.keys(REMEDIES).sort()).toEqual([...STAGE_ERRORS].sort());
    for (const remedy of Object.values(REMEDIES)) expect(remedy).toMatch(/^[A-Z].+\.$/);
  });
});
