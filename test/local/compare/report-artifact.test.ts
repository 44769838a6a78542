import { describe, expect, it } from 'vitest';
import type { Artifact } from '../../../local/client/api-types.ts';
import { reportArtifact } from '../../../local/compare/report-artifact.ts';

const named = (name: string, kind: Artifact['kind'] = 'document'): Artifact => ({
  kind,
  name,
  stage: 'benchmark',
  bytes: 1,
  uri: `s3://experiments/${name}`,
  url: 'http://127.0.0.1/',
  expiresAt: '2026-11-22T07:15:00.000Z',
});

describe('the report among the artifacts', () => {
  it('is that of the last run and its last attempt, by number and not by letter', () => {
    const names = ['r1-1', 'r2-9', 'r2-10', 'r1-12'].map((attempt) => `benchmark/${attempt}/report.json`);
    expect(reportArtifact(names.map((name) => named(name)))?.name).toBe('benchmark/r2-10/report.json');
  });

  it('is nothing else that a stage calls a report', () => {
    const others = ['benchmark/r1-1/benchmark.json', 'parity/r1-1/report.json', 'benchmark/r1-1/report.html'];
    expect(reportArtifact(others.map((name) => named(name)))).toBeUndefined();
    expect(reportArtifact([named('benchmark/r1-1/report.json', 'bundle')])).toBeUndefined();
  });
});
