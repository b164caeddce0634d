import { type OpenFile, type ReadBytes, readExactly } from './read-structure.ts';

/** What small reads are served from. */
const PIECE_BYTES = 2 ** 18;
/** A read of more than this is made for itself. */
const SMALL_BYTES = 2 ** 14;
/** Reads this far apart follow each other closely. */
const NEAR_BYTES = 2 ** 14;

/**
 * Reads an archive of many small entries in large pieces: a small read that begins close behind the one before is served
 * from a piece, together with those that follow it. All others are made one by one, as nothing else would be used of a piece.
 */
export const closeReads = (open: Omit<OpenFile, 'read'>): ReadBytes => {
  let piece: { at: number; end: number; bytes: Promise<Buffer> } | undefined;
  let lastEnd = -1;
  return async (at, length, buffer) => {
    const isNear = at >= lastEnd && at - lastEnd <= NEAR_BYTES;
    const end = at + length;
    lastEnd = end;
    const isInPiece = piece !== undefined && at >= piece.at && end <= piece.end;
    if (length > SMALL_BYTES || (!isNear && !isInPiece))
      return readExactly(open, at, length, buffer);
    if (piece === undefined || !isInPiece) {
      const pieceBytes = Math.min(PIECE_BYTES, open.bytes - at);
      piece = { at, end: at + pieceBytes, bytes: readExactly(open, at, pieceBytes) };
    }
    const { at: pieceAt, bytes } = piece;
    const found = (await bytes).subarray(at - pieceAt, end - pieceAt);
    if (buffer === undefined) return found;
    found.copy(buffer);
    return buffer.subarray(0, length);
  };
};
