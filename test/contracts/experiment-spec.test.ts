import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { experimentRequest, SPEC_DEFAULTS } from '../../functions/shared/contracts/experiment-spec.ts';
import { relativePath } from '../../functions/shared/contracts/primitives.ts';

const minimal = {
  name: 'sentiment',
  model: { name: 'sentiment', base: 'upload:upl_01h455vb4pex5vsknk084sn02q' },
  dataset: { name: 'ratings', source: 'upload:upl_01h455vb4pex5vsknk084sn02q', labels: { values: [-1, 0, 1] } },
};

const messages = (body: unknown): string[] =>
  experimentRequest.safeParse(body).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('an experiment request', () => {
  it('needs name, model and dataset only; the rest has defaults', () => {
    expect(experimentRequest.parse(minimal)).toMatchObject({
      task: 'text-ordinal',
      train: SPEC_DEFAULTS.train,
      gates: { parity: SPEC_DEFAULTS.parity, int8: SPEC_DEFAULTS.int8 },
      compute: SPEC_DEFAULTS.compute,
    });
  });

  it('is refused with an unknown key at any depth', () => {
    const places = ['', 'model', 'dataset', 'train', 'gates', 'compute', 'quantize'];
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.string({ minLength: 1 }).map((text) => `x${text}`),
        (place, key) => {
          const body = structuredClone({ ...minimal, train: {}, gates: {}, compute: {}, quantize: {} } as unknown) as Record<
            string,
            object
          >;
          Object.assign(place === '' ? body : (body[place] ?? {}), { [key]: 1 });
          expect(experimentRequest.safeParse(body).success).toBe(false);
        },
      ),
    );
  });

  it.each([
    [{ ...minimal, name: 'No Spaces' }, /^name: expected 2 to 31/],
    [{ ...minimal, dataset: { ...minimal.dataset, source: 'https://example.com/x.csv' } }, /^dataset\.source: expected upload:/],
    [{ ...minimal, dataset: { ...minimal.dataset, labels: { values: [1, 1] } } }, /ascending order, none twice/],
    [{ ...minimal, model: { ...minimal.model, base: 'hf:someone/model@main' } }, /^model\.base: expected upload:/],
    [{ ...minimal, train: { learningRate: 0 } }, /^train\.learningRate/],
  ])('names the field and what was expected (%#)', (body, expected) => {
    expect(messages(body).join('\n')).toMatch(expected);
  });

  it('takes no path that leaves its folder', () => {
    for (const path of ['../x', 'a/../../x', '/etc/passwd', 'a//b', './a', 'a/', 'a/.'])
      expect(relativePath.safeParse(path).success).toBe(false);
    for (const path of ['ratings.csv', 'a/b-c_d.safetensors', '1_Pooling/config.json', 'a'])
      expect(relativePath.safeParse(path).success).toBe(true);
  });
});
