import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isAbsent } from './is-absent.ts';

/** How a daemon is started, so that another process with its old pid is never taken for it. */
export const daemonArguments = (server: string, base: string): string[] => [server, '--data', base];

const run = promisify(execFile);

/** The command line of a live process, its words separated by NUL or blanks; `null`: there is none. */
const commandLineOf = async (pid: number): Promise<string | null> => {
  if (process.platform === 'linux') {
    try {
      // Empty for a zombie: it has ended, only its parent has not looked yet.
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')) || null;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }
  try {
    process.kill(pid, 0);
  } catch {
    return null;
  }
  return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout.trim() || null;
};

/** A daemon that lives and belongs to a data folder. */
export interface RunningDaemon {
  readonly pid: number;
  /** Its server.js. */
  readonly commandLine: string;
}

/** The process of a pid, where it lives and was started as the daemon of this data folder. */
export const daemonOf = async (pid: number, base: string): Promise<RunningDaemon | null> => {
  const commandLine = (await commandLineOf(pid))?.replaceAll('\0', ' ').trimEnd();
  return commandLine?.endsWith(`server.js --data ${base}`) ? { pid, commandLine } : null;
};

/**
 * The daemon that the pid file names. A file left by a crash, or whose pid belongs to another program
 * by now, names none.
 */
export const runningDaemon = async (
  pidFile: string,
  base: string,
): Promise<RunningDaemon | null> => {
  let text: string;
  try {
    text = await readFile(pidFile, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
  const pid = Number(text);
  return Number.isInteger(pid) && pid > 1 ? daemonOf(pid, base) : null;
};
