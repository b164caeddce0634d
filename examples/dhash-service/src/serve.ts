import { readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { serve as listen } from '@hono/node-server';
import { messageOf } from './errors.ts';
import { jsonLog } from './log.ts';
import { openService } from './open-service.ts';
import type { Release } from './release.ts';
import { parseSettings } from './settings.ts';

/** How long requests in work may go on after a TERM. */
const drainMs = 5000;

const removeOwnPidFile = async (file: string) => {
  const written = await readFile(file, 'utf8').catch(() => '');
  if (Number(written) === process.pid) await rm(file, { force: true });
};

/** Runs a release as this process, until TERM or INT. The data's folder is the argument after `--data`. */
export const serve = async (release: Release): Promise<void> => {
  const log = jsonLog((line) => process.stdout.write(line), Date.now, {
    service: 'dhash',
    version: release.version,
    pid: process.pid,
  });
  try {
    const at = process.argv.indexOf('--data');
    const settings = parseSettings(process.env, process.argv[at + 1] ?? '.');
    const { host: hostname, port, pidFile } = settings;
    const service = await openService(release, settings, log);
    const server = listen({ fetch: service.app.fetch, hostname, port }, () => {
      log('info', 'listening', { host: hostname, port, data: settings.base });
      // Whoever started this process waits for the word and then lets go.
      if (process.send) process.send('listening', () => process.disconnect());
    }) as Server;
    server.on('error', (error) => {
      log('error', 'not listening', { host: hostname, port, reason: messageOf(error) });
      process.exit(1);
    });

    const stop = (signal: NodeJS.Signals) => {
      log('info', 'stopping', { signal });
      const end = async () => {
        service.close();
        await removeOwnPidFile(pidFile);
        log('info', 'stopped');
        process.exit(0);
      };
      server.close(() => void end());
      setTimeout(() => server.closeAllConnections(), drainMs).unref();
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
    await service.filled;
  } catch (error) {
    log('error', 'not started', { reason: messageOf(error) });
    process.exitCode = 1;
  }
};
