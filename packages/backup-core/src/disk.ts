import {
  chmod,
  type FileHandle,
  lchown,
  link,
  mkdir,
  open,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises';
import { makeFolder as make, syncFolder as sync } from '@dhash/basics/folders';

type Path = string | Buffer;

/** Every call that changes the disk goes through this port, so that a test can end the process before any of them. */
export interface Disk {
  open(path: Path, flags: string | number, mode?: number): Promise<FileHandle>;
  link(existing: Path, name: Path): Promise<void>;
  rename(from: Path, to: Path): Promise<void>;
  unlink(path: string): Promise<void>;
  /** @returns the first folder that it made, where `recursive`; undefined where it made none */
  mkdir(path: Path, options: { mode: number; recursive?: boolean }): Promise<string | undefined>;
  /** Of an empty folder. */
  rmdir(path: Path): Promise<void>;
  rm(path: string, options: { recursive: boolean; force: boolean }): Promise<void>;
  symlink(target: string, path: Path): Promise<void>;
  chmod(path: Path, mode: number): Promise<void>;
  /** Of a link itself, not of what it points to. */
  lchown(path: Path, uid: number, gid: number): Promise<void>;
  utimes(path: Path, atime: number, mtime: number): Promise<void>;
}

/** The disk as Node gives it. */
export const realDisk: Disk = {
  open: (path, flags, mode) => open(path, flags, mode),
  link: (existing, name) => link(existing, name),
  rename: (from, to) => rename(from, to),
  unlink: (path) => unlink(path),
  mkdir: (path, options) => mkdir(path, options),
  rmdir: (path) => rmdir(path),
  rm: (path, options) => rm(path, options),
  symlink: (target, path) => symlink(target, path),
  chmod: (path, mode) => chmod(path, mode),
  lchown: (path, uid, gid) => lchown(path, uid, gid),
  utimes: (path, atime, mtime) => utimes(path, atime, mtime),
};

/** Makes the names in a folder durable. */
export const syncFolder = (disk: Disk, folder: Path): Promise<void> => sync(folder, disk);

/** Makes a folder (0700) and those above it that are missing; each has its name durably when this resolves. */
export const makeFolder = (disk: Disk, folder: string): Promise<void> => make(folder, { disk });
