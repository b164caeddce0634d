import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '@dhash/basics/folders';
import { JournalError } from './errors.ts';
import { giveToOwnerOf } from './give-to-owner.ts';
import { isRightMissing, missingRight } from './missing-right.ts';
import { isSocketName } from './presence.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Who holds a lock. */
export type LockHolder = ProcessIdentity & {
  /** What it does, for people: `deploy`, `monitor`. */
  readonly command: string;
  /** Whether it changes what the lock guards, or only watches it. */
  readonly role: LockRole;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Random; no two acquisitions share it. */
  readonly instance: string;
  /** The run it works on. */
  readonly run?: string;
  /** Name of its listening socket beside the lock; left out where there can be none. */
  readonly socket?: string;
};

export type LockRole = 'watch' | 'change';

const lockFormat = 1;

const lineOf = (holder: LockHolder): string =>
  `${JSON.stringify({ format: lockFormat, ...holder })}\n`;

/** What a file that is not yet, or no longer, under its own name is called. */
export const partPattern = (file: string): RegExp => {
  const name = basename(file).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^\\.${name}(?:\\.takeover-[0-9a-f-]{36})?\\.[0-9a-f-]{36}\\.part$`);
};

export const newPart = (file: string): string =>
  join(dirname(file), `.${basename(file)}.${randomUUID()}.part`);

/** A lock file that is open, to be renewed. */
export interface LockFile {
  /** Makes the file newer by its own file system's clock; its content stays. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

const openPart = async (part: string): Promise<FileHandle> => {
  try {
    return await open(part, 'wx', 0o644);
  } catch (error) {
    throw orNoRight(error, dirname(part), 'write');
  }
};

const orNoRight = (error: unknown, path: string, need: 'read' | 'write'): unknown => {
  if (!isRightMissing(error)) return error;
  const what = need === 'read' ? 'can not be read' : 'can not be taken';
  return new JournalError(
    'no-right',
    `the lock ${what}: ${missingRight(path, need)}; give that right, or come as the user who has it`,
    { file: path },
    { cause: error },
  );
};

const writeBeside = async (
  file: string,
  holder: LockHolder,
): Promise<{ part: string; lockFile: LockFile }> => {
  const part = newPart(file);
  const line = lineOf(holder);
  const handle = await openPart(part);
  try {
    await handle.writeFile(line);
    // Who holds it is no secret, and every user must be told; the mode given to open is cut by the umask.
    await handle.chmod(0o644);
    await giveToOwnerOf(dirname(file), handle);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw error;
  }
  const last = Buffer.byteLength(line) - 1;
  return {
    part,
    lockFile: {
      renew: async () => {
        // A write, since times that are set by name come from this machine's clock.
        await handle.write('\n', last);
        await handle.sync();
      },
      close: () => handle.close(),
    },
  };
};

/** `null` where the name is taken. A link shows the file whole from its first moment. */
export const createExclusively = async (
  file: string,
  holder: LockHolder,
): Promise<LockFile | null> => {
  const { part, lockFile } = await writeBeside(file, holder);
  let isMade = false;
  try {
    await link(part, file);
    isMade = true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      throw orNoRight(error, dirname(file), 'write');
  } finally {
    await rm(part, { force: true });
    if (!isMade) await lockFile.close();
  }
  if (!isMade) return null;
  await syncFolder(dirname(file));
  return lockFile;
};

/** Puts another holder into the file; the caller has the sole right to. */
export const replaceHolder = async (file: string, holder: LockHolder): Promise<LockFile> => {
  const { part, lockFile } = await writeBeside(file, holder);
  try {
    await rename(part, file);
  } catch (error) {
    await lockFile.close();
    await rm(part, { force: true });
    throw orNoRight(error, dirname(file), 'write');
  }
  await syncFolder(dirname(file));
  return lockFile;
};

const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNothing = (value: unknown): boolean => value === undefined || isText(value);

const isHolder = (fields: Record<string, unknown>): boolean =>
  fields['format'] === lockFormat &&
  Number.isSafeInteger(fields['pid']) &&
  ['startedTicks', 'bootId', 'host', 'command', 'since', 'instance'].every((name) =>
    isText(fields[name]),
  ) &&
  ['run', 'pidNamespace'].every((name) => isTextOrNothing(fields[name])) &&
  [undefined, 'watch', 'change'].includes(fields['role'] as LockRole | undefined) &&
  (fields['socket'] === undefined || isSocketName(String(fields['socket']))) &&
  // The instance becomes part of a file's name.
  /^[0-9a-f-]{36}$/.test(String(fields['instance']));

/** Locks of version 0.1 have no role; of their holders only `monitor` watched. */
const roleOf = ({ role, command }: Partial<LockHolder>): LockRole =>
  role ?? (command?.startsWith('monitor') === true ? 'watch' : 'change');

/** @throws JournalError `bad-lock`, `no-right` */
export const readHolder = async (file: string): Promise<LockHolder | null> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw orNoRight(error, file, 'read');
  }
  const value = parseOrNull(text);
  if (value === null || !isHolder(value))
    throw new JournalError(
      'bad-lock',
      `${file} is no lock of format ${lockFormat}: if no process works on this environment, remove it`,
      { file },
    );
  const { format: _, ...holder } = value as LockHolder & { format: number };
  return { ...holder, role: roleOf(holder) };
};

const parseOrNull = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // No JSON is no lock: the caller says so, with the file's name.
    return null;
  }
};
