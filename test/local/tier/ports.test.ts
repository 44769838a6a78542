import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { requestedPort } from '../../../local/tier/command-line.ts';
import { choosePort } from '../../../local/tier/ports.ts';
import { TierFailure } from '../../../local/tier/tier-failure.ts';

const occupied = async (act: (port: number) => Promise<void>): Promise<void> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  await act(address.port).finally(() => server.close());
};

describe('a port', () => {
  it('that was requested and is in use is one clear sentence', () =>
    occupied(async (port) => {
      await expect(choosePort(port, undefined)).rejects.toThrow(
        new TierFailure(`Port ${port} is in use: stop what listens there, or choose another with --port.`),
      );
    }));

  it('of last time is left for another one when somebody has it', () =>
    occupied(async (port) => {
      expect(await choosePort(undefined, port)).not.toBe(port);
    }));

  it('of last time is taken again when it is free', async () => {
    const port = await choosePort(undefined, undefined);
    expect(await choosePort(undefined, port)).toBe(port);
  });

  it.each(['http', '0', '70000', '1.5'])('%s is refused with what is wanted', (text) => {
    expect(() => requestedPort(['--port', text])).toThrow('--port wants a number from 1 to 65535');
  });

  it('is read from the command line', () => {
    expect(requestedPort(['--port', '4566'])).toBe(4566);
    expect(requestedPort([])).toBeUndefined();
  });
});
