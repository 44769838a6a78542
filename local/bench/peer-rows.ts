import * as z from 'zod';

/** A row of `.spotforge/bench-training.json` and `.spotforge/bench-quantization.json`; `value` and `pass` are null where not measured. */
const peerRow = z.strictObject({
  subject: z.string(),
  peer: z.string(),
  metric: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  target: z.number(),
  pass: z.boolean().nullable(),
});
export type PeerRow = z.infer<typeof peerRow>;

export const peerRows = (figures: readonly unknown[]): PeerRow[] => z.array(peerRow).parse(figures);

/** For a terminal: what was measured against whom, and what was asked. */
export const linesOfPeers = (rows: readonly PeerRow[]): string[] =>
  rows.map(({ subject, peer, metric, value, unit, target, pass }) => {
    const verdict = pass === null ? '  — ' : pass ? 'pass' : 'FAIL';
    const found = value === null ? 'not measured' : `${value} ${unit}`;
    return `${verdict}  ${subject} against ${peer}: ${metric}: ${found}, target ${target} ${unit}`;
  });
