import { existsSync } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackupError } from '../errors.ts';
import { megabytes } from '../megabytes.ts';
import { rescueNameOf } from '../rescue/render-rescue.ts';
import { readSidecar, SIDECAR_SUFFIX } from '../sidecar.ts';
import { hashThere, mustRun, type Rclone, sizeThere } from './rclone.ts';
import { copyAddress, remoteOf } from './remote.ts';

export interface CopyOptions {
  readonly rclone: Rclone;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchOptions extends CopyOptions {
  /** Called where the store does not say how large the copy is: whether it fits into `freeBytes` is seen only as it comes. */
  readonly onUnknownSize?: (freeBytes: number) => void;
}

/** A copy whose bytes were read back and hashed. */
export interface CopiedBackup {
  /** SHA-256 (hex) of the zip, here and there. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Copies a backup, its sidecar and its rescue script to a folder at an rclone remote. Beside first, then the
 * zip under `<name>.uploading`, which is read back and hashed before it gets its name: whoever sees
 * `dhash_*.zip` there sees a whole one. What a killed upload leaves is overwritten by the next. A copy that
 * is there already and has the right SHA-256 is left as it is.
 *
 * @param to `rclone:REMOTE:path`
 * @throws BackupError `bad-option`, `bad-sidecar`, `copy-failed`; the signal's reason when aborted
 */
export const copyBackup = async (
  file: string,
  to: string,
  { rclone, signal }: CopyOptions,
): Promise<CopiedBackup> => {
  const remote = remoteOf(to);
  const sha256 = await readSidecar(file);
  const { size: bytes } = await stat(file);
  const place = `${remote}/${basename(file)}`;
  const send = (from: string, target: string) =>
    mustRun(
      rclone,
      ['copyto', '--ignore-times', '--', from, target],
      `copying ${basename(from)} to ${to}`,
      signal,
    );
  await send(`${file}${SIDECAR_SUFFIX}`, `${place}${SIDECAR_SUFFIX}`);
  const rescue = rescueNameOf(file);
  if (existsSync(rescue)) await send(rescue, `${remote}/${basename(rescue)}`);
  if ((await hashThere(rclone, place, signal)) === sha256) return { sha256, bytes };
  const uploading = `${place}.uploading`;
  await send(file, uploading);
  const found = await hashThere(rclone, uploading, signal);
  if (found !== sha256)
    throw new BackupError(
      'copy-failed',
      `the copy of ${basename(file)} at ${to} has the SHA-256 ${found ?? '(unreadable)'}, expected ${sha256}: it was damaged on its way or there, and has no backup's name`,
      { file },
    );
  await mustRun(rclone, ['moveto', '--', uploading, place], `naming the copy at ${to}`, signal);
  return { sha256, bytes };
};

/**
 * Fetches a copy and its sidecar into a folder (made 0700), for `verifyBackup` to judge; looks first whether it
 * will fit there, where the store says how large it is. Returns the zip's path.
 *
 * @param address `rclone:REMOTE:path/dhash_….zip`
 * @throws BackupError `bad-option`, `no-space`, `copy-failed`; the signal's reason when aborted
 */
export const fetchBackup = async (
  address: string,
  folder: string,
  { rclone, signal, onUnknownSize }: FetchOptions,
): Promise<string> => {
  const { remote, name } = copyAddress(address);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  const [bytes, { bavail, bsize }] = [
    await sizeThere(rclone, remote, signal),
    await statfs(folder),
  ];
  if (bytes === 'missing')
    throw new BackupError(
      'copy-failed',
      `there is no ${address}: nothing was fetched. What there is: rclone lsf ${remote.slice(0, -name.length)}`,
    );
  if (bytes === 'unknown') onUnknownSize?.(bavail * bsize);
  else if (bytes > bavail * bsize)
    throw new BackupError(
      'no-space',
      `fetching ${address} needs ${megabytes(bytes)}, ${megabytes(bavail * bsize)} free in ${dirname(folder)}: nothing was fetched. Free room there`,
      { file: folder },
    );
  for (const suffix of [SIDECAR_SUFFIX, ''])
    await mustRun(
      rclone,
      ['copyto', '--ignore-times', '--', `${remote}${suffix}`, `${file}${suffix}`],
      `fetching ${address}${suffix}`,
      signal,
    );
  return file;
};
