import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The calls that a folder needs; a test that ends the process before one of them gives its own. */
export interface FolderDisk {
  open(
    path: string | Buffer,
    flags: 'r',
  ): Promise<{ sync(): Promise<void>; close(): Promise<void> }>;
  /** @returns the first folder that it made; undefined where it made none */
  mkdir(path: string, options: { mode: number; recursive: true }): Promise<string | undefined>;
}

const nodeDisk: FolderDisk = { open, mkdir };

/** Makes the names in a folder durable. Windows can't open a folder, and needs no such call. */
export const syncFolder = async (
  folder: string | Buffer,
  disk: FolderDisk = nodeDisk,
): Promise<void> => {
  if (process.platform === 'win32') return;
  const handle = await disk.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Makes a folder (0700) and those above it that are missing; each has its name durably when this resolves.
 *
 * @param options.onMade is called with each new folder and the folder that was there, before its name is durable
 */
export const makeFolder = async (
  folder: string,
  options: {
    readonly disk?: FolderDisk;
    readonly onMade?: (made: string, wasThere: string) => Promise<void>;
    /** In the place of {@link syncFolder}. */
    readonly syncNames?: (folder: string) => Promise<void>;
  } = {},
): Promise<void> => {
  const { disk = nodeDisk, onMade, syncNames = (names) => syncFolder(names, disk) } = options;
  const first = await disk.mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(folder); made !== top; made = dirname(made)) {
    await onMade?.(made, top);
    await syncNames(dirname(made));
  }
};
