import { describe, expect, it } from 'vitest';
import { hostNews } from '../../../functions/stages/host-news.ts';

const now = new Date('2026-11-22T07:10:00Z');
const host = {
  containerInstanceArn: 'arn:aws:ecs:us-east-1:000000000000:container-instance/cluster/0abc',
  freeSince: '2026-11-22T07:00:00Z',
  experimentId: 'exp_mine',
};
const busy = { state: 'seen', status: 'ACTIVE', runningTasks: 1 } as const;

describe('an instance that training gave back', () => {
  it('has left when ECS does not know it any more, or calls it inactive', () => {
    const message = 'The training instance 0abc has left, seen 10 min after the job.';
    expect(hostNews(host, 'acme', { state: 'absent' }, undefined, now)).toEqual({ state: 'left', message });
    expect(hostNews(host, 'acme', { state: 'seen', status: 'INACTIVE', runningTasks: 0 }, undefined, now)?.state).toBe('left');
  });

  it('is no news while it stands idle, drains, or ECS does not answer', () => {
    expect(hostNews(host, 'acme', { state: 'seen', status: 'ACTIVE', runningTasks: 0 }, undefined, now)).toBeUndefined();
    expect(hostNews(host, 'acme', { state: 'seen', status: 'DRAINING', runningTasks: 0 }, undefined, now)).toBeUndefined();
    expect(hostNews(host, 'acme', { state: 'unknown' }, undefined, now)).toBeUndefined();
  });

  it.each([
    ['experiment exp_other', { experimentId: 'exp_other', tenant: 'acme' }],
    ['a later job of this experiment', { experimentId: 'exp_mine', tenant: 'acme' }],
    ['another job', { experimentId: 'exp_secret', tenant: 'globex' }],
    ['another job', { experimentId: 'exp_secret', tenant: undefined }],
    ['another job', undefined],
  ])('was reused by %s; other tenants are not named', (name, by) => {
    const news = hostNews(host, 'acme', busy, by, now);
    expect(news).toEqual({
      state: 'reused',
      message: `The training instance 0abc was taken over by ${name}, seen 10 min after the job.`,
    });
  });
});
