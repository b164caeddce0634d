import { open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { whoHolds } from './open-files.ts';
import { logName } from './output-place.ts';

/** A log above this is turned over, bytes; with those turned over before it, it takes three times this. */
const longestLogBytes = 10_000_000;
const turnedOver = 2;

/** Newest logs that stay though their process is gone: what a service said last is what one looks for. */
const keptLogs = 3;
/** The same where nobody can tell which process is gone. */
const keptUnknownLogs = 10;

export interface LogBounds {
  readonly longestBytes?: number;
  readonly kept?: number;
}

const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
};

const noRoom = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Copies the end of a file; false: there is no room for it. */
const copyEnd = async (from: string, to: string, bytes: number): Promise<boolean> => {
  const source = await open(from, 'r');
  try {
    const { size } = await source.stat();
    const copy = await open(to, 'w', 0o600);
    try {
      const buffer = Buffer.alloc(1024 * 1024);
      for (let at = Math.max(0, size - bytes); at < size; ) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) break;
        await copy.writeFile(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    } finally {
      await copy.close();
    }
    return true;
  } catch (error) {
    if (!noRoom.includes(String((error as NodeJS.ErrnoException).code))) throw error;
    await rm(to, { force: true });
    return false;
  } finally {
    await source.close();
  }
};

/**
 * A service never opens its log anew, so it is copied and cut; it was opened for appending, so its writer goes on at
 * the new end. What is written between the two is lost.
 */
const turnOver = async (file: string, longestBytes: number): Promise<void> => {
  for (let number = turnedOver; number > 1; number -= 1) {
    if ((await sizeOf(`${file}.${number - 1}`)) > 0)
      await rename(`${file}.${number - 1}`, `${file}.${number}`);
  }
  if (!(await copyEnd(file, `${file}.1`, longestBytes))) await rm(`${file}.2`, { force: true });
  await truncate(file, 0);
};

/** Bounds what commands of rollout.yaml left in a folder of logs. Does nothing where there is none. */
export const tendLogs = async (
  folder: string,
  { longestBytes = longestLogBytes, kept }: LogBounds = {},
): Promise<void> => {
  const all = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const logs = all
    .map((name) => ({ name, number: Number(logName.exec(name)?.[2]) }))
    .filter(({ name, number }) => number > 0 && name.endsWith('.log'))
    .sort((a, b) => b.number - a.number);
  for (const { name } of logs)
    if ((await sizeOf(join(folder, name))) > longestBytes)
      await turnOver(join(folder, name), longestBytes);
  const canTell = process.platform === 'linux';
  for (const { name } of logs.slice(kept ?? (canTell ? keptLogs : keptUnknownLogs))) {
    const { holders } = await whoHolds({ files: [join(folder, name)], folders: [] });
    if (holders.length > 0) continue;
    for (const old of [name, ...[1, 2].map((number) => `${name}.${number}`)])
      await rm(join(folder, old), { force: true });
  }
};
