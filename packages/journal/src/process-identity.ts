import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** What tells one process from every other, before and after it. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Start time in clock ticks since boot, from /proc; empty where there is no /proc. */
  readonly startedTicks: string;
  /** The kernel's id of this boot; empty where there is no /proc. */
  readonly bootId: string;
  readonly host: string;
  /** The namespace that `pid` counts in, as Linux names it; left out where there is no /proc. */
  readonly pidNamespace?: string;
};

/** What is known of the process that a lock names. */
export type Standing =
  | 'alive'
  | 'gone'
  /** Nothing on this machine can tell: it runs, or ran, on another one. */
  | 'unvouched';

const isAbsent = (error: unknown): boolean =>
  // ESRCH: the process ended between open and read.
  error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(`${error.code}`);

const textOrNull = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
};

const linkOrNull = async (path: string): Promise<string | null> => {
  try {
    return await readlink(path);
  } catch (error) {
    // EINVAL, EACCES: a /proc that is none, or one that hides this.
    if (error instanceof Error && 'code' in error) return null;
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

const processStat = async (pid: number | 'self') => {
  const stat = await textOrNull(`/proc/${pid}/stat`);
  return stat === null ? null : parseProcessStat(stat);
};

/** The kernel's id of this boot; empty where there is no /proc. */
export const currentBootId = async (): Promise<string> =>
  (await textOrNull('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';

/** This process. */
export const thisProcess = async (): Promise<ProcessIdentity> => {
  const pidNamespace = await linkOrNull('/proc/self/ns/pid');
  return {
    pid: process.pid,
    // Not by our pid: /proc may be that of another pid namespace.
    startedTicks: (await processStat('self'))?.startedTicks ?? '',
    bootId: await currentBootId(),
    host: hostname(),
    ...(pidNamespace === null ? {} : { pidNamespace }),
  };
};

/**
 * Whether a process runs on this very kernel, in whatever container, or ran on this machine before
 * it booted, or belongs to a machine that can't be asked.
 */
export const kernelOf = (
  holder: ProcessIdentity,
  here: ProcessIdentity,
): 'this one' | 'before the boot' | 'another' => {
  const isSameHost = holder.host === here.host;
  if (holder.bootId === '' || here.bootId === '') return isSameHost ? 'this one' : 'another';
  if (holder.bootId === here.bootId) return 'this one';
  return isSameHost ? 'before the boot' : 'another';
};

/** Whether the machine booted since a process of it took a lock: nothing that it started runs on. */
export const hasRebootedSince = async (holder: ProcessIdentity): Promise<boolean> =>
  kernelOf(holder, await thisProcess()) === 'before the boot';

/**
 * What a pid tells of a process of this kernel: gone where it is free, was given to a process that
 * started at another time, or is a zombie's. A pid of another namespace tells nothing.
 */
export const standingByPid = async (
  holder: ProcessIdentity,
  here: ProcessIdentity,
): Promise<Standing> => {
  // Locks of version 0.1 name no namespace.
  const namespace =
    holder.pidNamespace ?? (holder.host === here.host ? here.pidNamespace : 'another');
  if (namespace !== here.pidNamespace) return 'unvouched';
  if (holder.startedTicks === '') return answersSignal(holder.pid) ? 'alive' : 'gone';
  if ((await linkOrNull('/proc/self')) !== String(process.pid)) return 'unvouched';
  const stat = await processStat(holder.pid);
  // A /proc that hides the processes of others: it may be any of them.
  if (stat === null) return answersSignal(holder.pid) ? 'alive' : 'gone';
  const isIt = stat.startedTicks === holder.startedTicks && !'ZX'.includes(stat.state);
  return isIt ? 'alive' : 'gone';
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
