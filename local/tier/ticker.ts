const REDRAW_MS = 1_000;
/** Without a terminal a line this often is enough to see that something goes on. */
const LOG_MS = 10_000;

export type Ticker = { says: (what: string) => void; doing: (what: string) => void; stop: () => void };

/** Lines with the seconds since the start, and below them in a terminal (now and then between them elsewhere) what is under way. */
export const startTicker = (out: NodeJS.WriteStream = process.stdout): Ticker => {
  const startedAt = Date.now();
  const terminal = out.isTTY === true;
  let current = '';
  const stamped = (what: string): string => `${((Date.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${what}`;
  const erase = (): void => void (terminal && out.write('\r\x1b[K'));
  const tick = (): void => {
    if (current === '') return;
    erase();
    out.write(terminal ? stamped(current).slice(0, out.columns - 1) : `${stamped(current)}\n`);
  };
  const timer = setInterval(tick, terminal ? REDRAW_MS : LOG_MS);
  return {
    says: (what) => {
      erase();
      out.write(`${stamped(what)}\n`);
    },
    doing: (what) => {
      current = what;
    },
    stop: () => {
      clearInterval(timer);
      erase();
    },
  };
};
