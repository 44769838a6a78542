import { createServer } from 'node:net';
import { TierFailure } from './tier-failure.ts';

/** Binds the port for a moment; 0 lets the system choose. Answers the port, or undefined when somebody has it. */
const tryPort = (port: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return resolve(undefined);
      if (error.code === 'EACCES') return reject(new TierFailure(`Port ${port} needs special rights: choose one above 1023.`));
      reject(error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });

/** A requested port or a sentence why not; otherwise the one used last time, if it is free; otherwise any free one. */
export const choosePort = async (requested: number | undefined, last: number | undefined): Promise<number> => {
  if (requested !== undefined) {
    const port = await tryPort(requested);
    if (port === undefined)
      throw new TierFailure(`Port ${requested} is in use: stop what listens there, or choose another with --port.`);
    return port;
  }
  const port = (last === undefined ? undefined : await tryPort(last)) ?? (await tryPort(0));
  if (port === undefined) throw new TierFailure('No free port on 127.0.0.1.');
  return port;
};
