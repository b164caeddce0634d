import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what Linux (from 32768) and the others (from 49152) hand out by themselves: no `listen(0)` and no connection of another
 * process takes a port of these while a service that has one is being restarted.
 */
const firstPort = 20_000;
/** Test files that run at the same time take theirs from different parts. */
const parts = 8;
const portsOfPart = 1_500;

const part = Number(process.env['VITEST_POOL_ID'] ?? 0) % parts;
/** Other files' ports, used a moment ago, come last. */
let turn = process.pid;

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  const isOurs = await once(server, 'listening').then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return false;
      throw error;
    },
  );
  if (!isOurs) return false;
  server.close();
  await once(server, 'close');
  return true;
};

/** A loopback port for a service that can't be told 0: free, and each is given once by this process. */
export const freePort = async (): Promise<number> => {
  for (let tried = 0; tried < portsOfPart; tried += 1) {
    turn += 1;
    const port = firstPort + part * portsOfPart + (turn % portsOfPart);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${portsOfPart} loopback ports from ${firstPort} up is free`);
};
