import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from '../errors.ts';

/** A space, a tab, a line's end and a backslash are written in octal there (proc(5), mountinfo). */
const unescaped = (text: string): string =>
  Buffer.from(
    text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
    'latin1',
  ).toString('utf8');

/** Paths of all mount points of this process; null where the system has no such list. */
const mountPoints = (): ReadonlySet<string> | null => {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
    return new Set(lines.map((line) => unescaped(line.split(' ')[4] ?? '')));
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
};

const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isSystemError(error)) return path;
    throw error;
  }
};

const isOnOtherDevice = (path: string): boolean => {
  try {
    return lstatSync(path).dev !== lstatSync(dirname(path)).dev;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
};

/** Whether something is mounted at a path: the system renames nothing over it, and moves it nowhere (EBUSY). */
export const isMountPoint = (path: string): boolean =>
  mountPoints()?.has(real(path)) ?? isOnOtherDevice(path);

/** Mount points below a folder, as paths relative to it. A bind mount has the device of what lies around it, and is one all the same. */
export const mountsInside = (folder: string): string[] => {
  const top = `${real(folder)}/`;
  return [...(mountPoints() ?? [])]
    .filter((path) => path.startsWith(top))
    .map((path) => path.slice(top.length))
    .sort();
};
