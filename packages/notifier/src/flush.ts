import { codeOf } from '@dhash/basics/code-of';
import { type DeliverContext, deliver, hours, mayComeTwice, type Runtime } from './deliver.ts';
import { severities } from './message.ts';
import type { Receipt } from './receipt.ts';
import { diskFailure } from './spool/durable.ts';
import { enterFlush, type FlushLock } from './spool/flush-lock.ts';
import { byAge, heldUntil, laneOf, type SpoolRecord } from './spool/record.ts';
import type { SpoolEntry } from './spool/spool.ts';

/** What a flush did. */
export interface FlushReport {
  readonly delivered: number;
  readonly accepted: number;
  /** Still in the spool, tried or not. */
  readonly spooled: number;
  readonly dead: number;
  /** Their channel is not configured (any more), or off: kept. */
  readonly orphaned: number;
  /** Critical messages that were said again, counted by channel; their receipts are among `receipts`. */
  readonly repeated: number;
  /** Another flush is at work; this one did nothing. */
  readonly busy: boolean;
  /** Who is at it, where `busy`. */
  readonly heldBy: string | null;
  /** What the disk refused, so that less was done; null: nothing. */
  readonly problem: string | null;
  readonly receipts: readonly Receipt[];
}

const nothing: FlushReport = {
  delivered: 0,
  accepted: 0,
  spooled: 0,
  dead: 0,
  orphaned: 0,
  repeated: 0,
  busy: false,
  heldBy: null,
  problem: null,
  receipts: [],
};

/**
 * What a flush waits for. `due`: our own backoff and the servers' hints. `now`: only the hints. `held-too`:
 * neither; a person's way out where a hint makes no sense.
 */
export type FlushMode = 'due' | 'now' | 'held-too';

/** What a flush that holds the lock works with. */
interface FlushContext extends DeliverContext {
  readonly mode: FlushMode;
  readonly lock: Extract<FlushLock, { kind: 'ours' }>;
}

interface Waiting {
  readonly entry: SpoolEntry;
  readonly record: SpoolRecord;
}

/** Critical first, then by age: the order of one run and severity holds; that of alerts is their age alone. */
const byUrgency = (a: Waiting, b: Waiting): number =>
  (a.record.isAlert === true ? byAge(a.record, b.record) : 0) ||
  severities.indexOf(b.record.message.severity) - severities.indexOf(a.record.message.severity) ||
  byAge(a.record, b.record);

/** Delivers what waits for one channel; each receipt goes to `receipts` as it comes. */
const drain = async (
  runtime: Runtime,
  waiting: readonly Waiting[],
  receipts: Receipt[],
  { mode, lock, ...context }: FlushContext,
): Promise<void> => {
  const { clock, spool, signal } = context;
  if (mode === 'held-too') runtime.gate.lift();
  else
    for (const { entry, record } of waiting) {
      const until = heldUntil(record, clock.now());
      if (until !== null && entry.claimedBy === null) runtime.gate.holdUntil(until);
    }
  const blockedLanes = new Set<string>();
  for (const { entry, record } of [...waiting].sort(byUrgency)) {
    const lane = laneOf(record);
    if (signal?.aborted || runtime.gate.heldUntil() > 0) break;
    if (lane !== null && blockedLanes.has(lane)) continue;
    if (mode === 'due' && record.retryAt > clock.now()) {
      if (lane !== null) blockedLanes.add(lane);
      continue;
    }
    const claim = entry.claimedBy === null ? await spool.claim(entry.name) : null;
    if (claim === null) {
      // Another process is at it: what comes after it in its lane waits.
      if (lane !== null) blockedLanes.add(lane);
      continue;
    }
    const again = { ...record, redeliveries: record.redeliveries + 1 };
    const receipt = await deliver(runtime, again, claim, context);
    receipts.push(receipt);
    lock.refresh();
    // What comes after it would overtake it, and the channel does not work anyway.
    if (receipt.status === 'spooled') break;
  }
};

interface Sorted {
  readonly byChannel: ReadonlyMap<string, readonly Waiting[]>;
  readonly orphaned: number;
  /** Went to dead/: files that were no records, and what waited too long for a channel. */
  readonly given: number;
}

/** Gives up what waited too long for a channel that is not configured, or off; false: not yet. */
const expireOrphan = async (
  { name, claimedBy }: SpoolEntry,
  record: SpoolRecord,
  { spool, clock, maxAgeMs }: DeliverContext,
): Promise<boolean> => {
  const ageMs = clock.now() - record.createdAt;
  const claim = ageMs > maxAgeMs && claimedBy === null ? await spool.claim(name) : null;
  if (claim === null) return false;
  const why = `expired after ${hours(ageMs)}: its channel is not configured, or off`;
  await spool.bury(claim, record, { reason: why, isRefusal: false });
  return true;
};

/** Reads the whole spool; what can't be read as a record goes to dead/. */
const sortOut = async (
  runtimes: ReadonlyMap<string, Runtime>,
  context: DeliverContext,
): Promise<Sorted> => {
  const byChannel = new Map<string, Waiting[]>();
  const { spool } = context;
  let orphaned = 0;
  let given = 0;
  for (const entry of await spool.list()) {
    const read = await spool.read(entry);
    if (read === null) continue;
    if ('problem' in read) {
      if (entry.claimedBy !== null) continue;
      await spool.buryUnreadable(entry, read.problem);
      given++;
      continue;
    }
    const { record } = read;
    if (!runtimes.has(record.channel)) {
      if (await expireOrphan(entry, record, context)) given++;
      else orphaned++;
      continue;
    }
    const list = byChannel.get(record.channel) ?? [];
    list.push({ entry, record });
    byChannel.set(record.channel, list);
  }
  return { byChannel, orphaned, given };
};

const flushLocked = async (
  runtimes: ReadonlyMap<string, Runtime>,
  context: FlushContext,
): Promise<FlushReport> => {
  const { spool } = context;
  await spool.recover();
  const { byChannel, orphaned, given } = await sortOut(runtimes, context);
  const drained = await Promise.all(
    [...runtimes].map(async ([name, runtime]) => {
      const receipts: Receipt[] = [];
      const waiting = byChannel.get(name) ?? [];
      const failed = await diskFailure(() => drain(runtime, waiting, receipts, context));
      return { receipts, failed };
    }),
  );
  const receipts = drained.flatMap((channel) => channel.receipts);
  const failed = drained.find((channel) => channel.failed !== null)?.failed ?? null;
  const unsynced = await diskFailure(() => spool.settled());
  const having = (status: Receipt['status']): number =>
    receipts.filter((receipt) => receipt.status === status).length;
  return {
    ...nothing,
    delivered: having('delivered'),
    accepted: having('accepted'),
    spooled: (await spool.list()).length - orphaned,
    dead: given + having('dead'),
    orphaned,
    problem: failed !== null ? unusable(failed) : unsynced !== null ? mayComeTwice(unsynced) : null,
    receipts,
  };
};

const unusable = (code: string): string => `the spool can't be read or written (${code})`;

/**
 * Delivers what waits in the spool; channels side by side, one flusher at a time.
 */
export const flushSpool = async (
  runtimes: ReadonlyMap<string, Runtime>,
  mode: FlushMode,
  context: DeliverContext,
): Promise<FlushReport> => {
  const { spool, clock } = context;
  try {
    if (await spool.isEmpty()) return nothing;
    const lock = await enterFlush(spool.folder, clock);
    if (lock.kind === 'busy') return { ...nothing, busy: true, heldBy: lock.heldBy };
    try {
      return await flushLocked(runtimes, { ...context, mode, lock });
    } finally {
      await lock.leave();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    return { ...nothing, problem: unusable(code) };
  }
};
