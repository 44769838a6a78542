import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRehearsal } from '../../../functions/rehearsals/rehearsal-plan.ts';
import { chooseSubjects } from '../../../functions/rehearsals/subjects.ts';
import { SUBJECTS } from './a-rehearsal.ts';

const EXPERIMENT = 'exp_01arz3ndektsv4rrffq69g5fav';
const OTHER = 'exp_01arz3ndektsv4rrffq69g5faw';
const at = (key: string, minute: number) => ({ key, modified: new Date(Date.UTC(2026, 9, 1, 0, minute)) });
const whole = (...objects: ReturnType<typeof at>[]) => ({ objects, whole: true });
const choose = (checkpoints = whole(), releases = whole()) =>
  chooseSubjects({ checkpoints, releases, releasesBucket: 'releases-bucket' });

describe('the subjects of a rehearsal', () => {
  it('are the checkpoint committed last, not the one of the highest step, and none that is not committed', () => {
    const { checkpoint } = choose(
      whole(
        at(`${EXPERIMENT}/900-r1-1/COMMITTED`, 1),
        at(`${OTHER}/20-r1-1/COMMITTED`, 2),
        at(`${OTHER}/30-r1-2/model.safetensors`, 3),
        at('something/else/COMMITTED', 9),
      ),
    );
    expect(checkpoint).toEqual({ experimentId: OTHER, directory: '20-r1-1' });
  });

  it('are the newest two versions, by number, of the model released last', () => {
    const bundle = (path: string, minute: number) => at(`bundles/${path}/bundle.json`, minute);
    const { newestBundle, previousBundle } = choose(
      whole(),
      whole(
        bundle('acme/sentiment/10', 8),
        bundle('acme/sentiment/2', 2),
        bundle('acme/sentiment/9', 7),
        bundle('globex/sentiment/11', 6),
        at('bundles/acme/sentiment/12/fp32/model.onnx', 9), // a bundle without its document does not exist
      ),
    );
    expect({ newestBundle, previousBundle }).toEqual({
      newestBundle: SUBJECTS.newestBundle,
      previousBundle: SUBJECTS.previousBundle,
    });
  });

  it('are none when there is nothing', () => {
    expect(choose()).toEqual({ checkpoint: null, newestBundle: null, previousBundle: null, notes: [] });
  });

  it('say what was not looked at', () => {
    const part = { objects: [at(`${EXPERIMENT}/1-r1-1/COMMITTED`, 1)], whole: false };
    const { notes } = choose(part, part);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^Only the first 1 objects of the checkpoints bucket/);
    expect(notes[1]).toMatch(/releases/);
  });

  it('do not depend on the order in which objects are listed', () => {
    const objects = [1, 2, 10, 11].map((version) => at(`bundles/acme/sentiment/${version}/bundle.json`, version));
    fc.assert(
      fc.property(fc.shuffledSubarray(objects, { minLength: objects.length }), (shuffled) => {
        const { newestBundle, previousBundle } = choose(whole(), whole(...shuffled));
        expect([newestBundle, previousBundle].map((uri) => uri?.split('/').at(-2))).toEqual(['11', '10']);
      }),
    );
  });
});

describe('the plan of a rehearsal', () => {
  const upgrade = { package: 'onnxruntime' };

  it('gives each job what it needs', () => {
    const { jobs, skipped } = planRehearsal(SUBJECTS, { ...upgrade, version: '1.32.0' });
    expect(skipped).toEqual([]);
    expect(jobs.map(({ rehearsal, environment }) => [rehearsal, environment.map(({ Name }) => Name)])).toEqual([
      ['restore', ['EXPERIMENT_ID']],
      ['rollback', ['NEWEST_BUNDLE', 'PREVIOUS_BUNDLE']],
      ['upgrade', ['NEWEST_BUNDLE', 'UPGRADE_PACKAGE', 'UPGRADE_VERSION']],
    ]);
  });

  it('leaves the version to the index when none is chosen', () => {
    const names = planRehearsal(SUBJECTS, upgrade)
      .jobs.at(-1)
      ?.environment.map(({ Name }) => Name);
    expect(names).toEqual(['NEWEST_BUNDLE', 'UPGRADE_PACKAGE']);
  });

  it('does not roll back what has one version, and upgrades it all the same', () => {
    const { jobs, skipped } = planRehearsal({ ...SUBJECTS, previousBundle: null }, upgrade);
    expect(jobs.map(({ rehearsal }) => rehearsal)).toEqual(['restore', 'upgrade']);
    expect(skipped).toEqual([{ rehearsal: 'rollback', because: expect.stringContaining('only version') }]);
  });

  it('skips everything, with reasons, where nothing was trained or released', () => {
    const { jobs, skipped } = planRehearsal({ checkpoint: null, newestBundle: null, previousBundle: null, notes: [] }, upgrade);
    expect(jobs).toEqual([]);
    expect(skipped.map(({ rehearsal }) => rehearsal)).toEqual(['restore', 'rollback', 'upgrade']);
  });
});
