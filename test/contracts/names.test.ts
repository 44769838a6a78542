import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  executionName,
  jobName,
  keys,
  parseJobName,
  REHEARSALS,
  rehearsalCommand,
  STAGES,
  stageCommand,
} from '../../functions/shared/contracts/names.ts';
import { ROOT } from '../../local/tier/paths.ts';

const id = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'), minLength: 26, maxLength: 26 })
  .map((text) => `exp_${text}`);
const attempt = fc.record({
  experimentId: id,
  run: fc.integer({ min: 1, max: 999 }),
  stage: fc.constantFrom(...STAGES),
  attempt: fc.integer({ min: 1, max: 99 }),
});

describe('names that cross a border', () => {
  it('give an attempt back from its job name', () => {
    fc.assert(
      fc.property(attempt, (at) => {
        expect(parseJobName(jobName(at))).toEqual(at);
      }),
    );
  });

  it('know a foreign job by its name', () => {
    for (const name of [
      '',
      'backup',
      'exp_x-r1-train-1',
      `${'exp_'.padEnd(30, '0')}-r0-train-1`,
      `${'exp_'.padEnd(30, '0')}-r1-deploy-1`,
    ]) {
      expect(parseJobName(name)).toBeUndefined();
    }
  });

  it('fit the limits of Batch and Step Functions', () => {
    fc.assert(
      fc.property(attempt, (at) => {
        expect(jobName(at)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/);
        expect(executionName(at.experimentId, at.run).length).toBeLessThanOrEqual(80);
        expect(keys.attempt(at)).toBe(`experiments/${at.experimentId}/${at.stage}/r${at.run}-${at.attempt}/`);
      }),
    );
  });

  it('run a stage by its module', () => {
    expect(stageCommand('parity')).toEqual(['python', '-m', 'spotforge_optimization.parity']);
  });

  it('run a rehearsal by its module, under a job name that no attempt has', () => {
    expect(rehearsalCommand('restore')).toEqual(['python', '-m', 'spotforge_training.rehearse_restore']);
    for (const rehearsal of REHEARSALS) expect(parseJobName(`rehearsal-${rehearsal}-r1`)).toBeUndefined();
    expect(parseJobName('spot-check-1-r1')).toBeUndefined();
  });

  it('stand in the Python module with the same values', () => {
    const python = readFileSync(join(ROOT, 'containers/runtime/spotforge_runtime/contracts/names.py'), 'utf8');
    expect(python).toContain('EXIT_GATE_REJECTED: Final = 66');
    expect(python).toContain('KEY_ATTEMPT: Final = "experiments/{experiment_id}/{stage}/r{run}-{attempt}/"');
    expect(python).toContain('KEY_REHEARSAL: Final = "rehearsals/{rehearsal_id}/{rehearsal}.json"');
    expect(python).toContain('KEY_SPOT_CHECK_FINDING: Final = "spot-checks/{spot_check_id}/finding.json"');
    expect(python).toContain('KEY_WEIGHT_SNAPSHOTS: Final = "{experiment_id}/weight-snapshots/"');
    expect(python).toContain('KEY_BUNDLE: Final = "bundles/{tenant}/{model}/{version}/"');
  });
});
