import type { Artifact } from '../client/api-types.ts';

const REPORT = /^benchmark\/r(\d+)-(\d+)\/report\.json$/;

/** The report of the last attempt that wrote one; a resumed experiment has several. */
export const reportArtifact = (artifacts: readonly Artifact[]): Artifact | undefined => {
  const found = artifacts.flatMap((artifact) => {
    const [, run, attempt] = REPORT.exec(artifact.name) ?? [];
    return artifact.kind === 'document' && run !== undefined
      ? [{ artifact, order: [Number(run), Number(attempt)] as const }]
      : [];
  });
  return found.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]).at(-1)?.artifact;
};
