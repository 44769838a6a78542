import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CopiedApp } from './copied-app.ts';

type QueueLock = Record<string, { logicalId: string; state: string }>;
const LOCK = 'lib/config/queue-lock.json';

const copiedApp = (): CopiedApp => {
  const app = new CopiedApp();
  onTestFinished(() => app.remove());
  return app;
};

/** Without the CDK's own template validator, which the gate runs and which takes most of the time. */
const synthesised = (app: CopiedApp) =>
  spawnSync(process.execPath, ['bin/spotforge.ts'], {
    cwd: app.folder,
    env: { ...process.env, CDK_VALIDATION: 'false' },
    encoding: 'utf8',
  });

/** The queue has another name wherever the code names it. */
const renamed = (app: CopiedApp, from: string, to: string): CopiedApp => {
  for (const file of ['config/queues', 'config/stages', 'config/spot-checks', 'constructs/dataset-preparation'])
    app.change(`lib/${file}.ts`, (text) => text.replaceAll(`'${from}'`, `'${to}'`));
  return app;
};

/** The logical id that the refusal of an unknown queue names. */
const added = (app: CopiedApp, queue: string): void => {
  const { stderr } = synthesised(app);
  const entry = /add (".*?": \{ "logicalId": "\w+", "state": "in use" \})/.exec(stderr)?.[1];
  expect(stderr).toContain(`queue {name}-${queue} is not in ${LOCK}`);
  app.change(LOCK, (text) => JSON.stringify({ ...(JSON.parse(text) as QueueLock), ...JSON.parse(`{${entry}}`) }));
};

const setState = (app: CopiedApp, queue: string, state: string): void => {
  app.change(LOCK, (text) => {
    const lock = JSON.parse(text) as QueueLock;
    const entry = lock[`{name}-${queue}`];
    return JSON.stringify({ ...lock, [`{name}-${queue}`]: { ...entry, state } });
  });
};

describe('a queue that gets another name in the code', () => {
  it('is refused by the synth, with the two steps that do it', () => {
    const { status, stderr } = synthesised(renamed(copiedApp(), 'cpu-spot', 'cpu-cheap'));
    expect(stderr).toMatch(/^The deployment cannot be built as configured:\n {2}- queue \{name\}-cpu-spot is in use and is gone/);
    expect(stderr).toContain('Do it in two steps.');
    expect(stderr).not.toContain('    at '); // a sentence, no stack
    expect(status).toBe(1);
  });

  it('goes in two steps: beside the old one, which drains, and then without it', { timeout: 180_000 }, () => {
    const app = copiedApp();
    // First: all profiles name the new queue, and the old one is still made.
    renamed(app, 'cpu-spot', 'cpu-cheap');
    app.change('lib/config/queues.ts', (text) =>
      text
        .replace("'cpu-cheap',", "'cpu-cheap', 'cpu-spot',")
        .replace("'cpu-cheap': 'spot',", "'cpu-cheap': 'spot', 'cpu-spot': 'spot',")
        .replace(/( *)'cpu-cheap': (queue\(.*\),)/, "$1'cpu-cheap': $2\n$1'cpu-spot': $2"),
    );
    added(app, 'cpu-cheap');
    setState(app, 'cpu-spot', 'draining');
    const first = synthesised(app);
    expect([first.status, first.stderr]).toEqual([0, expect.any(String)]);

    // Then: nothing needs it any more, and it leaves both files.
    app.change('lib/config/queues.ts', (text) =>
      text
        .replace("'cpu-cheap', 'cpu-spot',", "'cpu-cheap',")
        .replace(" 'cpu-spot': 'spot',", '')
        .replace(/\n *'cpu-spot': queue\(.*\),/, ''),
    );
    app.change(LOCK, (text) => {
      const { '{name}-cpu-spot': _drained, ...rest } = JSON.parse(text) as QueueLock;
      return JSON.stringify(rest);
    });
    const second = synthesised(app);
    expect([second.status, second.stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(readFileSync(`${app.folder}/${LOCK}`, 'utf8'))).not.toHaveProperty(['{name}-cpu-spot']);
  });
});
