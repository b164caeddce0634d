import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FolderDisk, syncFolder } from './folders.ts';

/** The calls that writing a file needs. */
export interface FileDisk extends FolderDisk {
  open(path: string | Buffer, flags: string, mode?: number): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { recursive: false; force: true }): Promise<void>;
}

const nodeDisk: FileDisk = { open, mkdir, rename, rm };

export interface WriteOptions {
  /** Permission bits before the umask; 0600 unless told. */
  readonly mode?: number;
  /** Is called with the open file before its content is durable: another owner, another mode. */
  readonly prepare?: (handle: FileHandle) => Promise<void>;
  readonly disk?: FileDisk;
}

export interface ReplaceOptions extends WriteOptions {
  /** In the place of `syncFolder`. */
  readonly syncNames?: (folder: string) => Promise<void>;
}

/**
 * Writes a file that is not there yet; its content is durable when this resolves, its name is not. What could not be
 * written whole is removed.
 */
export const writeNewFile = async (
  file: string,
  data: string | Uint8Array | Iterable<string>,
  { mode = 0o600, prepare, disk = nodeDisk }: WriteOptions = {},
): Promise<void> => {
  const handle = await disk.open(file, 'wx', mode);
  try {
    await handle.writeFile(data);
    await prepare?.(handle);
    await handle.sync();
  } catch (error) {
    // Where the disk was full, what fitted would lie there for good.
    await disk.rm(file, { recursive: false, force: true });
    throw error;
  } finally {
    await handle.close();
  }
};

/**
 * Puts content in the place of what lies there, if anything: under the name there is the old or the new, whole, at
 * any moment and after a power cut; durable when this resolves.
 *
 * @param part name beside `file` that it has until then
 */
export const replaceFile = async (
  file: string,
  part: string,
  data: string | Uint8Array | Iterable<string>,
  options: ReplaceOptions = {},
): Promise<void> => {
  const { disk = nodeDisk, syncNames = (folder) => syncFolder(folder, disk) } = options;
  await writeNewFile(part, data, options);
  try {
    await disk.rename(part, file);
  } catch (error) {
    await disk.rm(part, { recursive: false, force: true });
    throw error;
  }
  await syncNames(dirname(file));
};
