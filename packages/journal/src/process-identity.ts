import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** What tells one process from every other, before and after it. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Start time in clock ticks since boot, from /proc; empty where there is no /proc. */
  readonly startedTicks: string;
  /** The kernel's id of this boot; empty where there is no /proc. */
  readonly bootId: string;
  readonly host: string;
};

/**
 * Without /proc (macOS, Windows) only the pid tells: a holder that died and whose pid was given to
 * another process then counts as alive.
 */
const textOrNull = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(`${error.code}`))
      return null;
    throw error;
  }
};

/**
 * State (field 3) and start time (field 22) of proc_pid_stat(5). Field 2, the command, may hold
 * spaces and brackets, so counting begins after the last bracket.
 */
export const parseProcessStat = (stat: string): { state: string; startedTicks: string } | null => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedTicks] = [fields[0], fields[19]];
  return state === undefined || startedTicks === undefined ? null : { state, startedTicks };
};

const processStat = async (pid: number) => {
  const stat = await textOrNull(`/proc/${pid}/stat`);
  return stat === null ? null : parseProcessStat(stat);
};

const bootId = async () => (await textOrNull('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';

/** This process. */
export const thisProcess = async (): Promise<ProcessIdentity> => ({
  pid: process.pid,
  startedTicks: (await processStat(process.pid))?.startedTicks ?? '',
  bootId: await bootId(),
  host: hostname(),
});

/**
 * Whether a process still runs. One of another host can't be asked and counts as running; one of
 * this host counts as gone when the machine booted since, its pid is free or given to a process
 * that started at another time, or it is a zombie.
 */
export const isAlive = async (process: ProcessIdentity): Promise<boolean> => {
  if (process.host !== hostname()) return true;
  if (process.bootId !== '' && process.bootId !== (await bootId())) return false;
  if (process.startedTicks === '') return answersSignal(process.pid);
  const stat = await processStat(process.pid);
  return stat !== null && stat.startedTicks === process.startedTicks && !'ZX'.includes(stat.state);
};

const answersSignal = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};
