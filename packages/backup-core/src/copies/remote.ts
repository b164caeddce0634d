import { type BackupName, parseBackupName } from '../backup-name.ts';
import { BackupError } from '../errors.ts';

const PREFIX = 'rclone:';
/** As rclone names its remotes; a dash first would be an option, a colon or comma a connection string. */
const REMOTE = /^[A-Za-z0-9_.+@][A-Za-z0-9_.+@ -]*:/;

/** Why an address is not one of a folder at an rclone remote, or null. */
export const remoteProblem = (address: string): string | null => {
  const shape = 'it must be rclone:REMOTE:path, with a remote of "rclone config"';
  if (!address.startsWith(PREFIX)) return shape;
  const rest = address.slice(PREFIX.length);
  if (/\p{Cc}/u.test(address)) return 'it holds a control character';
  if (/^[^/]*[,=].*:/.test(rest) || rest.startsWith(':'))
    return 'it is a connection string, which may hold secrets: name a remote of "rclone config" instead, as rclone:REMOTE:path';
  const remote = REMOTE.exec(rest)?.[0];
  if (remote === undefined) return shape;
  const path = rest.slice(remote.length);
  if (path.replaceAll('/', '') === '') return `${shape}; its path is missing`;
  return path.split('/').includes('..') ? 'it has ".." in its path' : null;
};

/** True for what is meant as the address of a copy, and is no path of this machine. */
export const isCopyAddress = (text: string): boolean => text.startsWith(PREFIX);

/**
 * What rclone calls the place.
 *
 * @throws BackupError `bad-option`; a connection string is not repeated in the message
 */
export const remoteOf = (address: string): string => {
  const problem = remoteProblem(address);
  if (problem === null) return address.slice(PREFIX.length).replace(/\/+$/, '');
  const shown = problem.includes('secrets') ? 'the address of a copy' : JSON.stringify(address);
  throw new BackupError('bad-option', `${shown} can't be used: ${problem}`);
};

/** Where a copy lies, and what its name says. */
export interface CopyAddress extends BackupName {
  /** What rclone calls the zip. */
  readonly remote: string;
}

/** Reads `rclone:REMOTE:path/dhash_….zip`. @throws BackupError `bad-option` */
export const copyAddress = (address: string): CopyAddress => {
  const remote = remoteOf(address);
  const parsed = parseBackupName(
    remote.slice(Math.max(remote.lastIndexOf('/'), remote.indexOf(':')) + 1),
  );
  if (parsed === null)
    throw new BackupError(
      'bad-option',
      `${JSON.stringify(address)} can't be fetched: its last component must be the name of a backup, dhash_….zip`,
    );
  return { ...parsed, remote };
};
