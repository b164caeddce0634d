import { readFile } from 'node:fs/promises';
import { isNotThere } from '../errors.ts';

/** The kernel's id of this boot, from /proc; empty where there is none. */
export const bootIdOf = async (): Promise<string> => {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch (error) {
    if (isNotThere(error)) return '';
    throw error;
  }
};
