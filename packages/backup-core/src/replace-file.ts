import { dirname, join } from 'node:path';
import { replaceFile as replace, writeNewFile as write } from '@dhash/basics/replace-file';
import type { Disk } from './disk.ts';
import { workName } from './work-files.ts';

/** Small parts are joined up to this length, so that each write is worth its call. */
const PIECE_LENGTH = 2 ** 16;

function* inPieces(parts: Iterable<string>): Generator<string> {
  let piece: string[] = [];
  let length = 0;
  for (const part of parts) {
    piece.push(part);
    length += part.length;
    if (length < PIECE_LENGTH) continue;
    yield piece.join('');
    piece = [];
    length = 0;
  }
  yield piece.join('');
}

/** Writes a file that is not there yet; its content is durable when this resolves, its name is not. */
export const writeNewFile = (
  disk: Disk,
  path: string,
  text: Iterable<string>,
  mode = 0o600,
): Promise<void> => write(path, inPieces(text), { mode, disk });

/**
 * Puts a text in the place of what lies there, if anything: whole or not at all, whenever the process is killed, and
 * durable when this resolves.
 *
 * @param kind extension of the file that it is until then
 */
export const replaceFile = (
  disk: Disk,
  file: string,
  kind: string,
  text: Iterable<string>,
): Promise<void> => replace(file, join(dirname(file), workName(kind)), inPieces(text), { disk });
