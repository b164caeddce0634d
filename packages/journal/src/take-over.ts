import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSilent, type LeaseClock, leaseAgeMs, systemLeaseClock } from './lease.ts';
import { createExclusively, type LockHolder, readHolder } from './lock-file.ts';
import { askPresence } from './presence.ts';
import { kernelOf, type Standing, standingByPid, thisProcess } from './process-identity.ts';

export type TakeOverOptions = {
  /**
   * `if-gone` (the default): only from a process that is known to be gone. `if-silent`: also from
   * one that can't be asked and does not renew its lease; that is watched for up to 30 s. `always`:
   * also from one that runs; it learns of it by `isHeld`.
   */
  readonly takeOver?: 'if-gone' | 'if-silent' | 'always';
  /** Times the watching of a lease. */
  readonly clock?: LeaseClock;
  /** Ends the watching of a lease. */
  readonly signal?: AbortSignal;
};

/** Why a lock was not given. */
export type HeldBecause =
  /** The system says that its process runs. */
  | 'alive'
  /** Its process can't be asked from here; `takeOver: 'if-silent'` is the way out. */
  | 'unvouched'
  /** It can't be asked, and renewed its lease while it was watched: it runs. */
  | 'renewed';

export type Refusal = {
  kind: 'held';
  holder: LockHolder;
  because: HeldBecause;
  /** How long ago it renewed its lease, by the file system's clock, ms; `null` where that was not asked. */
  renewedAgoMs: number | null;
};

/** Who holds a lock, as it was when it was looked at. */
export type Former = { readonly holder: LockHolder; readonly standing: Standing };

/**
 * What is known of the process that a lock names. The kernel decides, by the holder's socket: the
 * one it runs on is shared by all containers of a machine. A pid is asked where there is no socket,
 * and where one refuses, since a file system that is mounted twice may hide it.
 */
export const standingOf = async (file: string, holder: LockHolder): Promise<Standing> => {
  const here = await thisProcess();
  const kernel = kernelOf(holder, here);
  if (kernel !== 'this one') return kernel === 'another' ? 'unvouched' : 'gone';
  const answer =
    holder.socket === undefined ? 'unknown' : await askPresence(dirname(file), holder.socket);
  if (answer === 'answers') return 'alive';
  const byPid = await standingByPid(holder, here);
  return byPid === 'unvouched' && answer === 'refused' ? 'gone' : byPid;
};

/** Why this holder keeps what it has in `file`; `null` where it can be taken from it. */
export const refusalOf = async (
  file: string,
  { holder, standing }: Former,
  { takeOver = 'if-gone', clock = systemLeaseClock, signal }: TakeOverOptions,
): Promise<Refusal | null> => {
  const held = (because: HeldBecause, renewedAgoMs: number | null): Refusal => ({
    kind: 'held',
    holder,
    because,
    renewedAgoMs,
  });
  if (takeOver === 'always' || standing === 'gone') return null;
  if (standing === 'alive') return held('alive', null);
  if (takeOver === 'if-gone') return held('unvouched', await leaseAgeMs(file));
  const silent = await isSilent(file, { clock, ...(signal === undefined ? {} : { signal }) });
  return silent ? null : held('renewed', await leaseAgeMs(file));
};

export type Claim =
  | { kind: 'claimed'; drop: () => Promise<void> }
  | { kind: 'refused'; refusal: Refusal };

/** The sole right to remove or replace the acquisition `instance`. */
export const claimOf = async (
  file: string,
  instance: string,
  claimant: LockHolder,
  options: TakeOverOptions,
): Promise<Claim> => {
  const path = `${file}.takeover-${instance}`;
  // Another's claim lasts for moments: not even `always` takes it from a process that runs.
  const takeOver = options.takeOver === 'if-silent' ? 'if-silent' : 'if-gone';
  for (;;) {
    const made = await createExclusively(path, claimant);
    if (made !== null) {
      await made.close();
      return { kind: 'claimed', drop: () => rm(path, { force: true }) };
    }
    const other = await readHolder(path);
    if (other === null) continue;
    const former = { holder: other, standing: await standingOf(path, other) };
    const refusal = await refusalOf(path, former, { ...options, takeOver });
    if (refusal !== null) return { kind: 'refused', refusal };
    const inherited = await claimOf(file, other.instance, claimant, options);
    if (inherited.kind === 'refused') return inherited;
    return {
      kind: 'claimed',
      drop: async () => {
        await rm(path, { force: true });
        await inherited.drop();
      },
    };
  }
};
