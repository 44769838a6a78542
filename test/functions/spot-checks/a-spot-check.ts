import type { SpotCheckFinding } from '../../../functions/shared/contracts/spot-check.ts';

const AT = '2026-10-01T04:00:00.000Z';

type Checked = SpotCheckFinding['bundles'][number];

export const aCheckedBundle = (model: string, outcome: Checked['outcome'] = 'held'): Checked => ({
  bundleUri: `s3://releases-bucket/bundles/acme/${model}/3/`,
  outcome,
  answers: null,
  recorded: { 'fp32.maxAbs': 1e-6 },
  mismatches: [],
  releasedWith: { onnxruntime: '1.31.1' },
  error: outcome === 'held' ? null : { message: 'It is not as it was.', where: null, remedy: null },
});

export const aFinding = (spotCheckId: string, bundles = [aCheckedBundle('sentiment')]): SpotCheckFinding => ({
  schemaVersion: 1,
  spotCheckId,
  startedAt: AT,
  endedAt: AT,
  gitSha: 'unknown',
  imageDigest: 'sha256:0',
  versions: { onnxruntime: '1.31.1', numpy: '2.4.6' },
  cpuModel: 'a CPU',
  instructionSets: ['avx2'],
  bundles,
});

export const aJob = { jobId: 'job-1', status: 'SUCCEEDED', reason: null };
