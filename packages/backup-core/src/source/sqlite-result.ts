/** What an answer of SQLite says of where the trouble lies. */
export type SqliteTrouble =
  /** Another connection holds the database. */
  | 'busy'
  /** The file read from is damaged, or the disk does not give it back. */
  | 'source'
  /** The disk does not take what is written, or the file can't be opened. */
  | 'disk';

// Result codes, https://www.sqlite.org/rescode.html; the kind is in the low byte of an extended one.
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const FULL = 13;
const CANTOPEN = 14;
const READ_FAILURES: ReadonlySet<number> = new Set([
  IOERR | (1 << 8), // IOERR_READ
  IOERR | (2 << 8), // IOERR_SHORT_READ
  IOERR | (33 << 8), // IOERR_CORRUPTFS: what EIO becomes on reading
]);

/** True where SQLite could not make or write what it keeps beside a database (`-shm`), without which its log can't be read. */
export const isShutOut = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  [READONLY, CANTOPEN].includes(error.errcode & 0xff);

/** Sorts what node:sqlite threw; null where it is none of SQLite's answers. */
export const sqliteTrouble = (error: unknown): SqliteTrouble | null => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return null;
  if (READ_FAILURES.has(error.errcode)) return 'source';
  switch (error.errcode & 0xff) {
    case BUSY:
    case LOCKED:
      return 'busy';
    case READONLY:
    case IOERR:
    case FULL:
    case CANTOPEN:
      return 'disk';
    default:
      return 'source';
  }
};
