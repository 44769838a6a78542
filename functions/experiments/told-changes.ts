import { type ExperimentStatusChanged, STATUSES } from '../shared/contracts/experiment-view.ts';
import { SCHEMA_VERSION } from '../shared/contracts/primitives.ts';
import type { EventItem } from '../shared/table/event.ts';
import type { ExperimentItem } from '../shared/table/experiment.ts';

/** From and to, both included, as ISO instants. */
export type Window = { from: string; to: string };

const PREFIX = 'experiment.';

const statusOf = ({ type }: EventItem) => STATUSES.find((status) => type === PREFIX + status);
/** A line's id starts with the revision that it was written with. */
const revisionOf = ({ id }: EventItem): number => Number(id.split('-', 1)[0]);

/**
 * The changes of status that an experiment's history tells of, exactly as the table's stream told of them when they were written: under the
 * same event ids, so that whoever got one already drops it.
 * @param history the whole of it, oldest first
 */
export const toldChanges = (
  { id, tenant }: Pick<ExperimentItem, 'id' | 'tenant'>,
  history: readonly EventItem[],
  { from, to }: Window,
): ExperimentStatusChanged[] => {
  const lines = [...history].sort((a, b) => revisionOf(a) - revisionOf(b));
  const changes = lines.flatMap((line) => {
    const status = statusOf(line);
    return status ? [{ status, revision: revisionOf(line), run: line.run, at: line.at }] : [];
  });
  /** An attempt that is entered sets the stage; a new run starts without one. */
  const stageAt = (run: number, revision: number) =>
    lines.findLast((line) => line.type === 'stage.queued' && line.run === run && revisionOf(line) <= revision)?.stage ?? null;
  return changes
    .map(
      ({ status, revision, run, at }, index): ExperimentStatusChanged => ({
        schemaVersion: SCHEMA_VERSION,
        eventId: `${id}-${revision}`,
        experimentId: id,
        tenant,
        revision,
        status,
        previousStatus: changes[index - 1]?.status ?? null,
        run,
        stage: stageAt(run, revision),
        at,
      }),
    )
    .filter(({ at }) => at >= from && at <= to);
};
