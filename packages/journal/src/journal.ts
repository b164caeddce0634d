import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '@dhash/basics/folders';
import {
  type ChainEnd,
  chainStart,
  checkHead,
  formatHead,
  formatLine,
  type JournalEvent,
  type NewEvent,
  parseJournal,
  sealEvent,
} from './chain.ts';
import { JournalError } from './errors.ts';
import { giveToOwnerOf } from './give-to-owner.ts';
import { makeFolder } from './make-folder.ts';
import { isRightMissing, missingRight } from './missing-right.ts';

/** An open journal. One process writes to it: the holder of the environment's lock. */
export interface Journal {
  readonly file: string;
  /** All lines, those of earlier processes included, oldest first. */
  readonly events: readonly JournalEvent[];
  /** `seq:hash` of the newest line; `0:` and 64 zeros where there is none. */
  readonly head: string;
  /**
   * Adds a line, durable (fsynced) when this resolves. Calls may overlap; lines keep their order.
   * After a failure every later call fails too, with the first cause: the caller must stop before
   * its next act.
   *
   * @throws JournalError `append-failed`; `overtaken` where another process wrote to the file;
   * `not-json` (nothing was written, the journal goes on); `closed`.
   */
  append(event: NewEvent): Promise<JournalEvent>;
  /** Waits for what is being appended. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a journal for appending: makes it (0600, in a 0700 folder) or checks its whole chain and
 * cuts off a torn last line. Call it only while you hold the lock: another writer's line in flight
 * looks torn.
 *
 * @param clock.now Unix epoch, ms.
 * @throws JournalError `broken`, `unknown-format`, `no-right`
 */
export const openJournal = async (
  file: string,
  { now }: { now: () => number },
): Promise<Journal> => {
  const handle = await openToAppend(file);
  try {
    if ((await handle.stat()).size === 0) await giveToOwnerOf(dirname(file), handle);
    const { events, torn, wholeBytes } = parseJournal(await handle.readFile(), file);
    if (torn) {
      await handle.truncate(wholeBytes);
      await handle.sync();
    }
    await syncFolder(dirname(file));
    return appendTo(handle, file, events, wholeBytes, now);
  } catch (error) {
    await handle.close();
    throw error;
  }
};

const openToAppend = async (file: string): Promise<FileHandle> => {
  try {
    await makeFolder(dirname(file));
    // Append mode: whatever else happens, no byte that is there is overwritten.
    return await open(file, 'a+', 0o600);
  } catch (error) {
    if (!isRightMissing(error)) throw error;
    throw new JournalError(
      'no-right',
      `the record can not be written: ${missingRight(file, 'write')}; give that right, or come as the user who has it`,
      { file },
      { cause: error },
    );
  }
};

const appendTo = (
  handle: FileHandle,
  file: string,
  past: JournalEvent[],
  pastBytes: number,
  now: () => number,
): Journal => {
  const events = [...past];
  let end: ChainEnd = events.at(-1) ?? chainStart;
  let bytes = pastBytes;
  let broken: JournalError | null = null;
  let closed: Promise<void> | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  const write = async (event: NewEvent): Promise<JournalEvent> => {
    if (broken !== null) throw broken;
    const sealed = sealEvent(end, new Date(now()).toISOString(), event);
    const line = Buffer.from(formatLine(sealed), 'utf8');
    try {
      const { size } = await handle.stat();
      if (size !== bytes)
        throw new JournalError(
          'overtaken',
          `${file} has ${size} bytes where ${bytes} were expected: another process wrote to it, most likely one that took the lock over; stop, and read the record`,
          { file, expected: bytes, got: size },
        );
      await handle.writeFile(line);
      await handle.sync();
    } catch (cause) {
      broken =
        cause instanceof JournalError
          ? cause
          : new JournalError(
              'append-failed',
              `${file}: the line "${event.type}" could not be made durable (${String(cause)}); nothing more may be done in this run until it is opened again`,
              { file, line: sealed.seq },
              { cause },
            );
      throw broken;
    }
    bytes += line.length;
    end = sealed;
    events.push(sealed);
    return sealed;
  };

  return {
    file,
    events,
    get head() {
      return formatHead(end);
    },
    append: (event) => {
      if (closed !== null)
        return Promise.reject(
          new JournalError('closed', `${file} was closed; "${event.type}" was not written`, {
            file,
          }),
        );
      const appended = queue.then(() => write(event));
      // The failure belongs to whoever awaits `appended`; the queue itself goes on to refuse the rest.
      queue = appended.then(
        () => undefined,
        () => undefined,
      );
      return appended;
    },
    close: () => {
      closed ??= queue.then(() => handle.close());
      return closed;
    },
  };
};

/**
 * Reads and checks a journal, changing nothing. While its holder writes, a line in flight shows as
 * torn.
 *
 * @throws JournalError `broken`, `unknown-format`; Node's ENOENT where there is no such file.
 */
export const readJournal = async (
  file: string,
): Promise<{ events: JournalEvent[]; torn: boolean }> => {
  const { events, torn } = parseJournal(await readFile(file), file);
  return { events, torn };
};

/** What `verifyJournal` found true. */
export type VerifiedJournal = {
  /** Number of whole lines. */
  readonly events: number;
  /** `seq:hash` of the newest line. */
  readonly head: string;
  /** The last line lacks its newline; the next open cuts it off. */
  readonly torn: boolean;
  /** The newest line is `run.closed`. */
  readonly closed: boolean;
};

/**
 * Checks every line of a journal, and, where a head is given, that the line it names is there.
 *
 * @param options.head `seq:hash` as it once went out. Later lines may follow it.
 * @throws JournalError `broken`, `unknown-format`, `bad-head`, `head-differs`; Node's ENOENT.
 */
export const verifyJournal = async (
  file: string,
  options: { head?: string } = {},
): Promise<VerifiedJournal> => {
  const { events, torn } = await readJournal(file);
  if (options.head !== undefined) checkHead(events, options.head, file);
  const last = events.at(-1);
  return {
    events: events.length,
    head: formatHead(last ?? chainStart),
    torn,
    closed: last?.type === 'run.closed',
  };
};
