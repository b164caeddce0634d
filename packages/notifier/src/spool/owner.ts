import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a claim, as it stands in a file name: host-boot-pid-start-random. */
export type OwnerTag = string;

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

const readOr = (path: string, fallback: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux: pid alone must do, with the lease behind it.
    return fallback;
  }
};

/** Start time of a process in clock ticks since boot: a pid that was given again differs in it. */
const startOf = (pid: number | string): string => {
  const stat = readOr(`/proc/${pid}/stat`, '');
  // The command's name, in brackets, may hold anything; the 20th field after it is the start.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
};

const host = short(hostname());
const boot = short(readOr('/proc/sys/kernel/random/boot_id', ''));
const ownPrefix = `${host}-${boot}-${process.pid}-${startOf(process.pid)}`;

/** A fresh tag for this process. */
export const ownerTag = (): OwnerTag => `${ownPrefix}-${randomBytes(4).toString('hex')}`;

/** Who a tag is, for a person. */
export const describeOwner = (tag: OwnerTag): string => {
  const [ownerHost, , pid] = tag.split('-');
  return ownerHost === host && pid !== undefined
    ? `process ${pid}`
    : 'a process of another machine or container';
};

/** Whether a tag's process lives; null where this machine can't know. */
export const isOwnerAlive = (tag: OwnerTag): boolean | null => {
  const [ownerHost, ownerBoot, pid, start] = tag.split('-');
  if (ownerHost !== host || pid === undefined || !/^\d+$/.test(pid)) return null;
  if (ownerBoot !== boot) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    const isForeign = error instanceof Error && 'code' in error && error.code === 'EPERM';
    if (!isForeign) return false;
  }
  return start === startOf(pid);
};
