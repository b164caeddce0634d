import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { JournalError } from './errors.ts';
import { startRenewing } from './lease.ts';
import {
  createExclusively,
  type LockFile,
  type LockHolder,
  type LockRole,
  readHolder,
  replaceHolder,
} from './lock-file.ts';
import { makeFolder } from './make-folder.ts';
import { isRightMissing, missingRight } from './missing-right.ts';
import { openPresence, type Presence } from './presence.ts';
import { type Standing, thisProcess } from './process-identity.ts';
import { sweepLeftovers } from './sweep-leftovers.ts';
import {
  claimOf,
  type Former,
  type Refusal,
  refusalOf,
  standingOf,
  type TakeOverOptions,
} from './take-over.ts';

/** A lock that was acquired. */
export interface Lock {
  readonly file: string;
  readonly holder: LockHolder;
  /** False once someone took it over (or removed the file): stop before the next act. */
  isHeld(): Promise<boolean>;
  /** Says that from now on this process changes things, or only watches; false where it was taken over. */
  become(role: LockRole): Promise<boolean>;
  /** Gives it back; does nothing where it was taken over. Safe to call twice. */
  release(): Promise<void>;
}

export type Acquisition =
  | {
      kind: 'acquired';
      lock: Lock;
      takenOverFrom: LockHolder | null;
      /** What was known of that process when it lost the lock; `null` where the lock was free. */
      formerStanding: Standing | null;
    }
  | Refusal;

export type LockOptions = TakeOverOptions & {
  readonly command: string;
  /** `change` unless told. */
  readonly role?: LockRole;
  readonly run?: string;
  /** Unix epoch, ms. */
  readonly now?: () => number;
};

/**
 * Takes the lock, or says who holds it. Waits for nothing but, with `if-silent`, the end of a lease.
 *
 * Whoever wants to remove or replace the acquisition X must first create `<lock>.takeover-<X>` by
 * link(2), which only one can; so two that find the same dead holder can't both take over, and a
 * slow one can't remove the lock of the fast one. If a taker dies, its own claim is taken over in
 * the same way.
 *
 * @throws JournalError `bad-lock` where the file is no lock of ours; `no-right`.
 */
export const acquireLock = async (file: string, options: LockOptions): Promise<Acquisition> => {
  await makeLockFolder(dirname(file));
  const taker = takerOf(file, options);
  let isTaken = false;
  try {
    const acquisition = await acquireAs(file, taker, options);
    isTaken = acquisition.kind === 'acquired';
    return acquisition;
  } finally {
    if (!isTaken) await taker.leave();
  }
};

const makeLockFolder = async (folder: string): Promise<void> => {
  try {
    await makeFolder(folder);
  } catch (error) {
    if (!isRightMissing(error)) throw error;
    throw new JournalError(
      'no-right',
      `the lock can not be made: ${missingRight(folder, 'write')}; give that right, or come as the user who has it`,
      { file: folder },
      { cause: error },
    );
  }
};

/** Who wants the lock: its socket is made once there is something to take. */
interface Taker {
  holder(): Promise<LockHolder>;
  presence(): Promise<Presence>;
  leave(): Promise<void>;
}

const takerOf = (file: string, options: LockOptions): Taker => {
  let made: Promise<{ holder: LockHolder; presence: Presence }> | undefined;
  const make = async () => {
    const presence = await openPresence(dirname(file), basename(file));
    const holder: LockHolder = {
      ...(await thisProcess()),
      command: options.command,
      role: options.role ?? 'change',
      since: new Date((options.now ?? Date.now)()).toISOString(),
      instance: randomUUID(),
      ...(options.run === undefined ? {} : { run: options.run }),
      ...(presence.socket === null ? {} : { socket: presence.socket }),
    };
    return { holder, presence };
  };
  const once = () => {
    made ??= make();
    return made;
  };
  return {
    holder: async () => (await once()).holder,
    presence: async () => (await once()).presence,
    leave: async () => {
      if (made !== undefined) await (await made).presence.close();
    },
  };
};

const acquireAs = async (
  file: string,
  taker: Taker,
  options: LockOptions,
): Promise<Acquisition> => {
  const acquired = async (lockFile: LockFile, from: Former | null): Promise<Acquisition> => {
    const lock = lockOf(file, await taker.holder(), lockFile, await taker.presence());
    await sweepLeftovers(file, lock.holder.instance);
    return {
      kind: 'acquired',
      lock,
      takenOverFrom: from?.holder ?? null,
      formerStanding: from?.standing ?? null,
    };
  };
  // Each turn ends, or finds that another process moved on in between; it can't turn for ever,
  // since each turn is another process's progress.
  for (;;) {
    const current = await readHolder(file);
    if (current === null) {
      const made = await createExclusively(file, await taker.holder());
      if (made !== null) return acquired(made, null);
      continue;
    }
    const former = { holder: current, standing: await standingOf(file, current) };
    const refused = await refusalOf(file, former, options);
    if (refused !== null) return refused;
    const claim = await claimOf(file, current.instance, await taker.holder(), options);
    if (claim.kind === 'refused') return claim.refusal;
    try {
      if ((await readHolder(file))?.instance !== current.instance) continue;
      return await acquired(await replaceHolder(file, await taker.holder()), former);
    } finally {
      await claim.drop();
    }
  }
};

/** Who holds a lock, and what is known of that process; `null` where nobody does. Changes nothing. */
export const readLock = async (
  file: string,
): Promise<{
  holder: LockHolder;
  /** False only where its process is known to be gone. */
  alive: boolean;
  standing: Standing;
} | null> => {
  const holder = await readHolder(file);
  if (holder === null) return null;
  const standing = await standingOf(file, holder);
  return { holder, alive: standing !== 'gone', standing };
};

const lockOf = (file: string, first: LockHolder, firstFile: LockFile, presence: Presence): Lock => {
  let holder = first;
  let lockFile = firstFile;
  let stopRenewing = startRenewing(lockFile);
  let left: Promise<void> | undefined;
  const isHeld = async () => (await readHolder(file))?.instance === holder.instance;

  /** Does something with the file that only its holder may, unless someone is taking it over. */
  const asHolder = async (act: () => Promise<void>): Promise<boolean> => {
    if (!(await isHeld())) return false;
    const claimant = { ...holder, instance: randomUUID() };
    const claim = await claimOf(file, holder.instance, claimant, {});
    if (claim.kind === 'refused') return false;
    try {
      if (!(await isHeld())) return false;
      await act();
      return true;
    } finally {
      await claim.drop();
    }
  };
  const leave = async () => {
    stopRenewing();
    await lockFile.close();
    await presence.close();
  };
  return {
    file,
    get holder() {
      return holder;
    },
    isHeld,
    become: async (role) => {
      if (holder.role === role) return isHeld();
      return asHolder(async () => {
        const next = { ...holder, role };
        const replaced = await replaceHolder(file, next);
        stopRenewing();
        await lockFile.close();
        holder = next;
        lockFile = replaced;
        stopRenewing = startRenewing(lockFile);
      });
    },
    release: async () => {
      left ??= asHolder(() => rm(file)).then(leave, async (error: unknown) => {
        await leave();
        throw error;
      });
      await left;
    },
  };
};
