import type { FileHandle } from 'node:fs/promises';
import { type Disk, realDisk } from '../../src/disk.ts';

/** Called before each change of the disk, with its number from 1 and its name. */
export type OnChange = (count: number, call: string) => void;

/** The real disk, with a fault point before each call that changes it. */
export const faultyDisk = (onChange: OnChange): Disk => {
  let count = 0;
  const point = (call: string) => onChange(++count, call);
  const wrapHandle = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        if (
          !['write', 'writev', 'writeFile', 'sync', 'datasync', 'truncate', 'chmod'].includes(
            String(property),
          )
        )
          return value.bind(target);
        return (...args: unknown[]) => {
          point(String(property));
          return Reflect.apply(value, target, args);
        };
      },
    });
  return {
    ...realDisk,
    open: async (path, flags, mode) => {
      if (flags !== 'r') point('open');
      return wrapHandle(await realDisk.open(path, flags, mode));
    },
    link: (existing, name) => {
      point('link');
      return realDisk.link(existing, name);
    },
    rename: (from, to) => {
      point('rename');
      return realDisk.rename(from, to);
    },
    unlink: (path) => {
      point('unlink');
      return realDisk.unlink(path);
    },
    mkdir: (path, options) => {
      point('mkdir');
      return realDisk.mkdir(path, options);
    },
    rmdir: (path) => {
      point('rmdir');
      return realDisk.rmdir(path);
    },
    rm: (path, options) => {
      point('rm');
      return realDisk.rm(path, options);
    },
    symlink: (target, path) => {
      point('symlink');
      return realDisk.symlink(target, path);
    },
  };
};
