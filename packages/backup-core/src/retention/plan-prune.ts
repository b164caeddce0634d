import type { BackupListing } from '../list-backups.ts';
import { type Bounds, removedForRoom } from './bounds.ts';
import { checkPolicy, type KeepPolicy, keepsNothing, keptByRule } from './keep-policy.ts';

/** A backup that may be removed, and what is known of it beyond its name. What is left out is not known. */
export interface PrunableBackup extends BackupListing {
  /** Why nobody can rely on it (no sidecar, not readable, of another service); it counts for nothing then. */
  readonly unusable?: string | null;
  /** Every byte of it was checked once it lay on disk. */
  readonly isVerified?: boolean;
  /** It was restored once, for real. */
  readonly isProven?: boolean;
  /** It shrank against the one before it, and nobody said that this is right. */
  readonly isShrunken?: boolean;
}

/** A backup and why it stays or goes. */
export interface PruneLine {
  readonly name: string;
  readonly reasons: readonly string[];
}

/** What a prune will do; nothing is done yet. Newest first. */
export interface PrunePlan {
  readonly keep: readonly PruneLine[];
  readonly remove: readonly PruneLine[];
  readonly warnings: readonly string[];
}

export interface PruneFacts {
  /** Unix epoch, ms. */
  readonly now: number;
  /** Names that must stay, each with the reasons: an open run, an incident. */
  readonly pinned: ReadonlyMap<string, readonly string[]>;
  /** What the backups may take; without it nothing bounds them. */
  readonly bounds?: Bounds;
}

/** Clocks differ a little; a name that is further ahead than this was made by a wrong one, ms. */
const FUTURE_MS = 24 * 60 * 60 * 1000;

/**
 * Decides which backups stay. Each environment is judged by itself. Whatever the policy and the bounds say, these
 * stay: the newest, the newest verified, the newest proven, what is pinned, and a backup that shrank with all that
 * are older than it. A name more than a day in the future, and a backup nobody can rely on, stay, count for
 * nothing and are warned of. A policy that keeps nothing removes nothing.
 *
 * @throws BackupError `bad-option` for a span or a number that means nothing
 */
export const planPrune = (
  list: readonly PrunableBackup[],
  keep: KeepPolicy,
  { now, pinned, bounds }: PruneFacts,
): PrunePlan => {
  checkPolicy(keep);
  const warnings: string[] = [];
  const sorted = [...list].sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1));
  const rules = new Map<string, readonly string[]>();
  const guards = new Map<string, string[]>(sorted.map(({ name }) => [name, []]));
  const guard: Guard = (name, reason) => {
    if (name !== undefined) guards.get(name)?.push(reason);
  };

  const counted = sorted.filter(({ name, at, unusable }) => {
    if (at > now + FUTURE_MS) {
      warnings.push(`${name} is from the future: it counts for nothing; was the clock wrong?`);
      guard(name, 'from the future');
      return false;
    }
    if (unusable == null) return true;
    warnings.push(`${name} ${unusable}: it counts for nothing, and is left for you to look at`);
    guard(name, unusable);
    return false;
  });
  const hasPolicy = !keepsNothing(keep);
  if (!hasPolicy && bounds === undefined)
    warnings.push('the policy keeps nothing, so nothing is removed: set "keep"');
  for (const env of new Set(counted.map((backup) => backup.env))) {
    const own = counted.filter((backup) => backup.env === env);
    for (const [name, found] of hasPolicy ? keptByRule(own, keep) : []) rules.set(name, found);
    guardNewest(own, guard);
    guardShrunken(own, guard, warnings);
  }
  if (!hasPolicy) for (const { name } of counted) rules.set(name, ['no policy']);
  for (const { name } of sorted) for (const reason of pinned.get(name) ?? []) guard(name, reason);

  const gone = new Map<string, string>();
  for (const { name } of counted)
    if (rules.get(name)?.length === 0 && guards.get(name)?.length === 0)
      gone.set(name, 'no rule keeps it');
  if (bounds !== undefined) {
    const left = sorted.filter(({ name }) => !gone.has(name));
    const isFree = ({ name }: PrunableBackup) => guards.get(name)?.length === 0;
    const freedBytes = bytesOf(sorted) - bytesOf(left);
    const room = removedForRoom(left, isFree, bounds, freedBytes);
    warnings.push(...room.warnings);
    for (const [name, reason] of room.remove) gone.set(name, reason);
  }
  return {
    keep: sorted
      .filter(({ name }) => !gone.has(name))
      .map(({ name }) => ({
        name,
        reasons: [...(rules.get(name) ?? []), ...(guards.get(name) ?? [])],
      })),
    remove: sorted.flatMap(({ name }) => {
      const reason = gone.get(name);
      return reason === undefined ? [] : [{ name, reasons: [reason] }];
    }),
    warnings,
  };
};

const bytesOf = (list: readonly BackupListing[]): number =>
  list.reduce((sum, { bytes }) => sum + bytes, 0);

type Guard = (name: string | undefined, reason: string) => void;

const guardNewest = (own: readonly PrunableBackup[], guard: Guard): void => {
  guard(own[0]?.name, 'newest');
  guard(own.find(({ isVerified }) => isVerified === true)?.name, 'newest verified');
  guard(own.find(({ isProven }) => isProven === true)?.name, 'newest proven');
};

/** An emptied folder, backed up again and again, must not push the good backups out. */
const guardShrunken = (own: readonly PrunableBackup[], guard: Guard, warnings: string[]): void => {
  let since: string | undefined;
  for (const { name, isShrunken } of own) {
    if (since !== undefined) guard(name, `older than ${since}, which shrank`);
    if (isShrunken !== true) continue;
    guard(name, 'shrank, and nobody accepted that');
    warnings.push(`${name} shrank: no older backup is removed until somebody accepts that`);
    since = name;
  }
};
