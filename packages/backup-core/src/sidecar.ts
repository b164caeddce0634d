import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import { BackupError, systemCode, throwUnreadable } from './errors.ts';

/** The sidecar lies beside its zip, under the zip's name and this. */
export const SIDECAR_SUFFIX = '.sha256';

const LINE = /^([0-9a-f]{64}) {2}([^\n]+)\n$/;

/** One line that `sha256sum -c`, run in `root`, understands: the digest, two spaces, the zip's path from there. */
export const renderSidecar = (sha256: string, root: string, file: string): string =>
  `${sha256}  ${relative(root, file).split(sep).join('/')}\n`;

/**
 * Digest from the sidecar of a zip. Only the last component of the path in it counts, so that a pair that
 * was copied elsewhere still verifies.
 *
 * @throws BackupError `bad-sidecar`, `unreadable`
 */
export const readSidecar = async (file: string): Promise<string> => {
  const sidecar = `${file}${SIDECAR_SUFFIX}`;
  const no = (why: string, cause?: unknown): never => {
    throw new BackupError('bad-sidecar', `${sidecar}: ${why}`, { file, cause });
  };
  let text: string;
  try {
    text = await readFile(sidecar, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      return no(
        'it is missing; without it nothing says that the backup is what was written',
        error,
      );
    return throwUnreadable(sidecar)(error);
  }
  const match = LINE.exec(text);
  if (match === null)
    return no('expected one line: 64 lower-case hex digits, two spaces, the path of the zip');
  const [, sha256 = '', path = ''] = match;
  const last = path.split('/').at(-1);
  if (last !== basename(file)) return no(`it is about ${JSON.stringify(last)}, not this file`);
  return sha256;
};

/** SHA-256 (hex) of a whole file. @throws BackupError `unreadable` */
export const hashFile = async (file: string, signal?: AbortSignal): Promise<string> => {
  const hash = createHash('sha256');
  const stream = createReadStream(file, {
    highWaterMark: 2 ** 20,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    for await (const part of stream) hash.update(part as Buffer);
  } catch (error) {
    return throwUnreadable(file)(error);
  }
  return hash.digest('hex');
};
