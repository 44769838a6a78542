import { describe, expect, it } from 'vitest';
import { judgeRelease, releaseMessage } from '../../../functions/stages/gpu-release.ts';
import { aJob } from './a-job.ts';

const experimentId = 'exp_01h455vb4pex5vsknk084sn02q';
const job = (changes: Parameters<typeof aJob>[1] & { attempt?: number; run?: number } = {}) => {
  const { attempt = 1, run = 1, ...rest } = changes;
  return aJob({ experimentId, run, stage: 'train', attempt }, rest);
};

describe('the GPUs of an experiment', () => {
  it('are released when every job in its GPU queues has ended; the last that succeeded tells which instance is free', () => {
    const first = job({ status: 'FAILED', jobId: 'first', stoppedAt: 1 });
    const second = job({ attempt: 2, status: 'SUCCEEDED', jobId: 'second', stoppedAt: 2 });
    expect(judgeRelease('train', [second, first])).toEqual({ released: true, last: second });
  });

  it.each(['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING'] as const)(
    'are not released while another attempt is %s, of an earlier run too',
    (status) => {
      const ended = job({ run: 2, status: 'SUCCEEDED', jobId: 'ended', stoppedAt: 2 });
      const stray = job({ run: 1, attempt: 2, status, jobId: 'stray' });
      expect(judgeRelease('train', [ended, stray])).toEqual({ released: false, alive: [stray] });
    },
  );

  it('are released when Batch has forgotten the jobs, as it does after a week', () => {
    expect(judgeRelease('train', [])).toEqual({ released: true, last: undefined });
  });

  it('leave evidence that names the job, its end and the queues that were looked at', () => {
    const last = job({ status: 'SUCCEEDED', jobId: 'the-job', stoppedAt: Date.parse('2026-11-22T07:00:00Z') });
    expect(releaseMessage(['gpu-spot', 'gpu-on-demand'], last)).toBe(
      'Job the-job ended SUCCEEDED at 2026-11-22T07:00:00.000Z; no other attempt of this experiment is left in gpu-spot, gpu-on-demand.',
    );
  });
});
