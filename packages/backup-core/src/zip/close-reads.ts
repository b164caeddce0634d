import type { FileHandle } from 'node:fs/promises';
import { throwUnreadable } from '../errors.ts';
import { type OpenFile, refuse } from './read-structure.ts';

/** What small reads are served from. */
const PIECE_BYTES = 2 ** 18;
/** A read of more than this is made for itself. */
const SMALL_BYTES = 2 ** 14;
/** Reads this far apart follow each other closely. */
const NEAR_BYTES = 2 ** 14;

/**
 * An open archive, read in large pieces where its entries are many and small: a small read that begins close behind the one before is
 * served from a piece, together with those that follow it. All others are made one by one, as nothing else would be used of a piece.
 */
export const openFile = (file: string, handle: FileHandle, bytes: number): OpenFile => {
  const readExactly = async (
    at: number,
    length: number,
    buffer: Buffer = Buffer.allocUnsafe(length),
  ): Promise<Buffer> => {
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle
        .read(buffer, done, length - done, at + done)
        .catch(throwUnreadable(file));
      if (bytesRead === 0) return refuse(file, 1, `it ends at byte ${at + done}, in the middle`);
      done += bytesRead;
    }
    return buffer;
  };
  const readPiece = (at: number) => {
    const pieceBytes = Math.min(PIECE_BYTES, bytes - at);
    return { at, end: at + pieceBytes, bytes: readExactly(at, pieceBytes) };
  };

  let piece: ReturnType<typeof readPiece> | undefined;
  let lastEnd = 0;
  return {
    file,
    bytes,
    read: async (at, length, buffer) => {
      const end = at + length;
      const isNear = at >= lastEnd && at - lastEnd <= NEAR_BYTES;
      lastEnd = end;
      const held = piece !== undefined && at >= piece.at && end <= piece.end ? piece : undefined;
      if (length > SMALL_BYTES || (held === undefined && !isNear))
        return readExactly(at, length, buffer);
      const from = held ?? readPiece(at);
      piece = from;
      const found = (await from.bytes).subarray(at - from.at, end - from.at);
      if (buffer === undefined) return found;
      found.copy(buffer);
      return buffer.subarray(0, length);
    },
  };
};
