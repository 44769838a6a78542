import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type DrillGround, groundOn } from '../../local/drill/drill-ground.ts';
import { type Row, rowsNamed } from '../../local/drill/matrix.ts';
import { runRow } from '../../local/drill/run-row.ts';
import { judge } from '../../local/drill/verdict.ts';
import { apiOf } from './users.ts';

/** The quick ones of the fault matrix; `npm run drill -- all` runs every row. Here for what comes of a fault, not for how long it takes. */
const QUICK = ['host-lost/prepare', 'out-of-memory/prepare', 'disk-full/prepare', 'no-result/prepare', 'broken-result/prepare'];

describe('a drill', () => {
  let ground: DrillGround;

  beforeAll(async () => {
    const operator = inject('operator');
    const stateMachineArn = String(inject('outputs').StateMachineArn);
    const restart = (): never => {
      throw new Error('the tier of the tests is shared: nobody restarts it');
    };
    ground = await groundOn(
      { api: await apiOf(inject('tier'), 'initech'), operator, stateMachineArn, restart },
      inject('fixtures').tiny,
    );
  });

  it.concurrent.for(QUICK.flatMap(rowsNamed))(
    '$fault in $stage ends rightly and leaves nothing behind',
    async (row: Row, { signal }) => {
      const seen = await runRow(ground, row, signal);
      expect(judge(row, seen, null)).toMatchObject({ pass: true, problems: [], orphans: 0 });
    },
  );
});
