import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../errors.ts';
import { isAbsent } from './is-absent.ts';
import { daemonOf, runningDaemon } from './running-process.ts';

const graceMs = 10_000;
const afterKillMs = 5000;
const lookEveryMs = 50;

const signalTo = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
};

/**
 * Ends the daemon of a data folder: TERM, and KILL after 10 s. Where none runs, nothing is done.
 *
 * @returns one sentence for the operator
 * @throws ServiceError `not-stopped` where it outlives a KILL
 */
export const stopDaemon = async (pidFile: string, base: string): Promise<string> => {
  const daemon = await runningDaemon(pidFile, base);
  if (daemon === null) {
    await rm(pidFile, { force: true });
    return 'not running';
  }
  const gone = async (withinMs: number): Promise<boolean> => {
    const until = performance.now() + withinMs;
    while (performance.now() < until) {
      if ((await daemonOf(daemon.pid, base)) === null) return true;
      await sleep(lookEveryMs);
    }
    return false;
  };
  signalTo(daemon.pid, 'SIGTERM');
  let how = 'stopped';
  if (!(await gone(graceMs))) {
    signalTo(daemon.pid, 'SIGKILL');
    how = `killed, as it did not end within ${graceMs / 1000} s of a TERM`;
    if (!(await gone(afterKillMs)))
      throw new ServiceError(
        'not-stopped',
        `pid ${daemon.pid} is still there after a KILL; look at it by hand`,
      );
  }
  await rm(pidFile, { force: true });
  return `${how} (pid ${daemon.pid})`;
};
