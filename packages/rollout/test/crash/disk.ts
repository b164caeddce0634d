import { readlinkSync } from 'node:fs';
import fs, { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/** What the disk does to who writes: nothing; every write finds it full; the next write or sync fails, and no other. */
export type DiskFault = 'none' | 'full' | 'fails once';

/** The disk below one folder, as this process writes to it. */
export interface Disk {
  fault: DiskFault;
  /** Told of each file or folder that was made durable, before its writer goes on. */
  onDurable: (path: string) => void;
}

const failed = (code: 'ENOSPC' | 'EIO', call: string): Error =>
  Object.assign(
    new Error(`${code}: ${code === 'EIO' ? 'i/o error' : 'no space left on device'}, ${call}`),
    { code, errno: code === 'EIO' ? -5 : -28, syscall: call },
  );

const writing = ['write', 'writev', 'writeFile', 'appendFile'] as const;

/**
 * Takes over what writes to files below `root`, for one test. Nothing is really synced: a process that dies takes
 * nothing with it that the kernel has.
 */
export const takeOverDisk = async (root: string): Promise<Disk> => {
  const disk: Disk = { fault: 'none', onDurable: () => undefined };
  const isOurs = (path: string) => path === root || path.startsWith(`${root}/`);
  const mayFail = (path: string, call: 'write' | 'fsync') => {
    if (disk.fault === 'none' || !isOurs(path)) return;
    if (disk.fault === 'full') {
      if (call === 'write') throw failed('ENOSPC', call);
      return;
    }
    disk.fault = 'none';
    throw failed('EIO', call);
  };
  const pathOf = ({ fd }: FileHandle) => readlinkSync(`/proc/self/fd/${fd}`);

  const any = await open(process.execPath);
  const handles = Object.getPrototypeOf(any) as Record<string, (...args: unknown[]) => unknown>;
  await any.close();
  const real = { ...Object.fromEntries(writing.map((name) => [name, handles[name]])) };
  const { sync, datasync } = handles;
  for (const name of writing)
    handles[name] = async function (this: FileHandle, ...args: unknown[]) {
      if (disk.fault !== 'none') mayFail(pathOf(this), 'write');
      return real[name]?.apply(this, args);
    };
  handles['sync'] = handles['datasync'] = async function (this: FileHandle) {
    const path = pathOf(this);
    mayFail(path, 'fsync');
    if (isOurs(path)) disk.onDurable(path);
  };
  const whole = { writeFile: fs.writeFile, appendFile: fs.appendFile };
  for (const name of ['writeFile', 'appendFile'] as const)
    Object.assign(fs, {
      [name]: async (file: unknown, ...args: unknown[]) => {
        if (typeof file === 'string') mayFail(file, 'write');
        return (whole[name] as (...all: unknown[]) => unknown)(file, ...args);
      },
    });
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(handles, real, { sync, datasync });
    Object.assign(fs, whole);
    syncBuiltinESMExports();
  });
  return disk;
};
