import type { Announcer } from '../shared/put-event.ts';
import { eventEntity } from '../shared/table/event.ts';
import { experimentEntity } from '../shared/table/experiment.ts';
import type { Table } from '../shared/table/table.ts';
import { announceChange } from './announce-change.ts';
import { toldChanges, type Window } from './told-changes.ts';

/**
 * Announces every change of status of a time once more, read back from the histories. The stream's own records are gone after a day; these
 * are kept as long as the experiments. Reads the whole table: for repairs.
 * @returns how many changes were announced
 */
export const announceAgain = async (table: Table, announcer: Announcer, window: Window): Promise<number> => {
  const experiments = experimentEntity(table);
  const events = eventEntity(table);
  const { data: lines } = await events.scan
    .where(({ at }, { between }) => between(at, window.from, window.to))
    .go({ pages: 'all', consistent: true });
  let announced = 0;
  for (const experimentId of new Set(lines.map((line) => line.experimentId))) {
    const [experiment, history] = await Promise.all([
      experiments.get({ id: experimentId }).go({ consistent: true }),
      events.query.ofExperiment({ experimentId }).go({ pages: 'all', consistent: true }),
    ]);
    if (!experiment.data) continue;
    for (const change of toldChanges(experiment.data, history.data, window)) {
      await announceChange(change, announcer);
      announced++;
    }
  }
  return announced;
};
