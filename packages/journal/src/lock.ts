import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { JournalError } from './errors.ts';
import { makeFolder } from './make-folder.ts';
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts';
import { syncFolder } from './sync-folder.ts';

/** Who holds a lock. */
export type LockHolder = ProcessIdentity & {
  /** What it does, for people: `deploy`, `monitor`. */
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Random; no two acquisitions share it. */
  readonly instance: string;
  /** The run it works on. */
  readonly run?: string;
};

/** A lock that was acquired. */
export interface Lock {
  readonly file: string;
  readonly holder: LockHolder;
  /** False once someone took it over (or removed the file): stop before the next act. */
  isHeld(): Promise<boolean>;
  /** Gives it back; does nothing where it was taken over. Safe to call twice. */
  release(): Promise<void>;
}

export type Acquisition =
  | { kind: 'acquired'; lock: Lock; takenOverFrom: LockHolder | null }
  | { kind: 'held'; holder: LockHolder };

export type LockOptions = {
  readonly command: string;
  readonly run?: string;
  /**
   * `if-dead` (the default): only from a process that is gone. `always`: also from one that runs;
   * it learns of it by `isHeld`.
   */
  readonly takeOver?: 'if-dead' | 'always';
  /** Unix epoch, ms. */
  readonly now?: () => number;
};

/**
 * Takes the lock, or says who holds it. Never waits.
 *
 * Whoever wants to remove or replace the acquisition X must first create `<lock>.takeover-<X>` by
 * link(2), which only one can; so two that find the same dead holder can't both take over, and a
 * slow one can't remove the lock of the fast one. If a taker dies, its own claim is taken over in
 * the same way.
 *
 * @throws JournalError `bad-lock` where the file is no lock of ours.
 */
export const acquireLock = async (file: string, options: LockOptions): Promise<Acquisition> => {
  await makeFolder(dirname(file));
  const holder: LockHolder = {
    ...(await thisProcess()),
    command: options.command,
    since: new Date((options.now ?? Date.now)()).toISOString(),
    instance: randomUUID(),
    ...(options.run === undefined ? {} : { run: options.run }),
  };
  const acquired = (takenOverFrom: LockHolder | null): Acquisition => ({
    kind: 'acquired',
    lock: lockOf(file, holder),
    takenOverFrom,
  });
  // Each turn ends, or finds that another process moved on in between; it can't turn for ever,
  // since each turn is another process's progress.
  for (;;) {
    if (await createExclusively(file, holder)) return acquired(null);
    const current = await readHolder(file);
    if (current === null) continue;
    if (options.takeOver !== 'always' && (await isAlive(current)))
      return { kind: 'held', holder: current };
    const claim = await claimOf(file, current.instance, holder);
    if (claim.kind === 'claimed-by') return { kind: 'held', holder: claim.holder };
    try {
      if ((await readHolder(file))?.instance !== current.instance) continue;
      await replace(file, holder);
      return acquired(current);
    } finally {
      await claim.drop();
    }
  }
};

/** Who holds a lock, and whether that process still runs; `null` where nobody does. */
export const readLock = async (
  file: string,
): Promise<{ holder: LockHolder; alive: boolean } | null> => {
  const holder = await readHolder(file);
  return holder === null ? null : { holder, alive: await isAlive(holder) };
};

const lockOf = (file: string, holder: LockHolder): Lock => {
  const isHeld = async () => (await readHolder(file))?.instance === holder.instance;
  return {
    file,
    holder,
    isHeld,
    release: async () => {
      const claim = await claimOf(file, holder.instance, { ...holder, instance: randomUUID() });
      // Someone is taking it over right now: it is theirs.
      if (claim.kind === 'claimed-by') return;
      try {
        if (await isHeld()) await rm(file);
      } finally {
        await claim.drop();
      }
    },
  };
};

type Claim =
  | { kind: 'claimed'; drop: () => Promise<void> }
  | { kind: 'claimed-by'; holder: LockHolder };

/** The sole right to remove or replace the acquisition `instance`. */
const claimOf = async (file: string, instance: string, claimant: LockHolder): Promise<Claim> => {
  const path = `${file}.takeover-${instance}`;
  for (;;) {
    if (await createExclusively(path, claimant))
      return { kind: 'claimed', drop: () => rm(path, { force: true }) };
    const other = await readHolder(path);
    if (other === null) continue;
    if (await isAlive(other)) return { kind: 'claimed-by', holder: other };
    const inherited = await claimOf(file, other.instance, claimant);
    if (inherited.kind === 'claimed-by') return inherited;
    return {
      kind: 'claimed',
      drop: async () => {
        await rm(path, { force: true });
        await inherited.drop();
      },
    };
  }
};

const lockFormat = 1;

const writeBeside = async (file: string, holder: LockHolder): Promise<string> => {
  const part = `${file}.${randomUUID()}.part`;
  const handle = await open(part, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify({ format: lockFormat, ...holder })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return part;
};

/** False where the name is taken. A link shows the file whole from its first moment. */
const createExclusively = async (file: string, holder: LockHolder): Promise<boolean> => {
  const part = await writeBeside(file, holder);
  try {
    await link(part, file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(part, { force: true });
  }
  await syncFolder(dirname(file));
  return true;
};

const replace = async (file: string, holder: LockHolder): Promise<void> => {
  await rename(await writeBeside(file, holder), file);
  await syncFolder(dirname(file));
};

const isHolder = (value: unknown): value is LockHolder => {
  const texts = ['startedTicks', 'bootId', 'host', 'command', 'since', 'instance'];
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    fields['format'] === lockFormat &&
    Number.isSafeInteger(fields['pid']) &&
    texts.every((name) => typeof fields[name] === 'string') &&
    ['string', 'undefined'].includes(typeof fields['run']) &&
    // The instance becomes part of a file's name.
    /^[0-9a-f-]{36}$/.test(String(fields['instance']))
  );
};

const readHolder = async (file: string): Promise<LockHolder | null> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const value = parseOrNull(text);
  if (!isHolder(value))
    throw new JournalError(
      'bad-lock',
      `${file} is no lock of format ${lockFormat}: if no process works on this environment, remove it`,
      { file },
    );
  const { format: _, ...holder } = value as LockHolder & { format: number };
  return holder;
};

const parseOrNull = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no lock: the caller says so, with the file's name.
    return null;
  }
};
