import type { CopiedApp } from '../lib/copied-app.ts';

type State = Record<string, unknown> & { Next?: string };
type Machine = { States: Record<string, State> };

/** What a later release does that adds a stage `report` behind `bundle`: its name, image, size, rights and state. */
export const addStage = (app: CopiedApp): CopiedApp =>
  app
    .change('functions/shared/contracts/names.ts', (text) =>
      text
        .replace("'bundle'] as const", "'bundle', 'report'] as const")
        .replace(/^( *)bundle: 'optimization',/m, "$&\n$1report: 'optimization',"),
    )
    .change('lib/config/stages.ts', (text) => text.replace(/^ *bundle: \{/m, '  report: SMALL,\n$&'))
    .change('lib/constructs/stage-access.ts', (text) =>
      text.replace(/^ *bundle: \{/m, "  report: { inputs: ['bundle'], reads: {}, writes: {} },\n$&"),
    )
    .change('state-machines/experiment.asl.json', (text) => {
      const machine = JSON.parse(text) as Machine;
      const { Parity, Bundle } = machine.States;
      const report = JSON.parse(JSON.stringify(Parity).replaceAll('parity', 'report').replaceAll('Parity', 'Report')) as State;
      const States = { ...machine.States, Bundle: { ...Bundle, Next: 'Report' }, Report: { ...report, Next: 'Succeeded' } };
      return JSON.stringify({ ...machine, States });
    });
