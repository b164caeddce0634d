import { codeOf } from '@dhash/basics/code-of';
import { isAlerting } from './config/secret-fields.ts';
import { type DeliverContext, deliver, mayComeTwice, type Runtime } from './deliver.ts';
import { isAtLeast, type Message, severities } from './message.ts';
import type { Receipt } from './receipt.ts';
import { alertActionOf } from './render/alert.ts';
import { readableTime } from './render/severity-look.ts';
import { diskFailure } from './spool/durable.ts';
import {
  byAge,
  contentDigest,
  heldUntil,
  laneOf,
  recordName,
  type SpoolRecord,
} from './spool/record.ts';
import type { Claim, Spool, SpoolEntry } from './spool/spool.ts';

/** Keeps the order of lanes within this process. */
export interface Lanes {
  /** Enters the queue at once; `turn` resolves when those before have left. */
  enter(lane: string): { readonly turn: Promise<void>; leave(): void };
}

/** Queues by name, forgotten when empty. */
export const createLanes = (): Lanes => {
  const tails = new Map<string, Promise<void>>();
  return {
    enter: (lane) => {
      const turn = tails.get(lane) ?? Promise.resolve();
      let leave = (): void => undefined;
      const own = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const tail = turn.then(() => own);
      tails.set(lane, tail);
      return {
        turn,
        leave: () => {
          leave();
          if (tails.get(lane) === tail) tails.delete(lane);
        },
      };
    },
  };
};

/** Why a channel does not get a message, or null. */
export const whyNotFor = (message: Message, { config }: Runtime): string | null => {
  if (config.events !== undefined && !config.events.includes(message.event))
    return `the event ${message.event} is not for this channel`;
  if (config.minSeverity !== undefined && !isAtLeast(message.severity, config.minSeverity))
    return `below the channel's minSeverity, ${config.minSeverity}`;
  if (isAlerting(config) && alertActionOf(message) === 'nothing')
    return `${message.event} opens no alert and closes none`;
  return null;
};

const readsAtOnce = 64;

interface Neighbour {
  readonly entry: SpoolEntry;
  readonly record: SpoolRecord;
}

const neighbours = async (context: DeliverContext, channel: string): Promise<Neighbour[]> => {
  const entries = await context.spool.list(channel);
  const found: Neighbour[] = [];
  // Side by side, but not all at once: a process may open only so many files.
  for (let start = 0; start < entries.length; start += readsAtOnce) {
    const batch = entries.slice(start, start + readsAtOnce);
    const reads = await Promise.all(batch.map((entry) => context.spool.read(entry)));
    for (const [index, read] of reads.entries()) {
      const entry = batch[index];
      if (entry !== undefined && read !== null && 'record' in read)
        found.push({ entry, record: read.record });
    }
  }
  return found;
};

const receiptOf = (runtime: Runtime, status: Receipt['status'], reason: string): Receipt => ({
  channel: runtime.config.name,
  status,
  attempts: 0,
  ms: 0,
  reason,
});

/**
 * Adds to an identical message that waits already; null where there is none. A webhook's receiver
 * dedupes by itself, and a message whose bytes changed would no longer be the same one to it.
 */
const fold = async (
  runtime: Runtime,
  record: SpoolRecord,
  waiting: readonly Neighbour[],
  context: DeliverContext,
): Promise<Receipt | null> => {
  if (runtime.config.type === 'webhook') return null;
  const said = contentDigest(record.message);
  const same = waiting.find(
    (neighbour) =>
      neighbour.entry.claimedBy === null &&
      neighbour.record.message.id !== record.message.id &&
      contentDigest(neighbour.record.message) === said,
  );
  if (same === undefined) return null;
  const claim = await context.spool.claim(same.entry.name);
  if (claim === null) return null;
  const count = same.record.count + 1;
  await context.spool.release(claim, { ...same.record, count, lastAt: record.createdAt });
  return receiptOf(
    runtime,
    'spooled',
    `folded into ${same.record.message.id}, which says the same and waits (${count} times)`,
  );
};

/**
 * Keeps the spool within its bound: what is least urgent, then oldest, is given up for a new message;
 * that is shown in dead/ with its reason.
 */
const makeRoom = async (record: SpoolRecord, context: DeliverContext): Promise<void> => {
  const { spool, maxWaiting } = context;
  const entries = await spool.list();
  if (entries.length < maxWaiting) return;
  const candidates: Neighbour[] = [];
  for (const entry of entries) {
    const read = entry.claimedBy === null ? await spool.read(entry) : null;
    if (read !== null && 'record' in read) candidates.push({ entry, record: read.record });
  }
  const urgency = ({ message }: SpoolRecord): number => severities.indexOf(message.severity);
  const [least] = candidates.sort(
    (a, b) => urgency(a.record) - urgency(b.record) || byAge(a.record, b.record),
  );
  if (least === undefined || urgency(least.record) > urgency(record)) return;
  const claim = await spool.claim(least.entry.name);
  if (claim !== null)
    await spool.bury(claim, least.record, {
      reason: `given up: more than ${maxWaiting} messages wait`,
      isRefusal: false,
    });
};

/** Delivers what must go before `record`; null once nothing is in its way, else why it waits. */
const clearTheWay = async (
  runtime: Runtime,
  record: SpoolRecord,
  waiting: readonly Neighbour[],
  context: DeliverContext,
): Promise<string | null> => {
  const lane = laneOf(record);
  if (lane === null) return null;
  const earlier = waiting
    .filter((neighbour) => laneOf(neighbour.record) === lane && byAge(neighbour.record, record) < 0)
    .sort((a, b) => byAge(a.record, b.record));
  for (const { entry, record: before } of earlier) {
    const why = `waits for ${before.message.id}, which must go first`;
    if (before.retryAt > context.clock.now()) return why;
    const claim = entry.claimedBy === null ? await context.spool.claim(entry.name) : null;
    if (claim === null) return why;
    const again = { ...before, redeliveries: before.redeliveries + 1 };
    const receipt = await deliver(runtime, again, claim, context);
    if (receipt.status === 'spooled') return why;
  }
  return null;
};

/** What is to be waited for before `record` may go; null: nothing. */
const whyNotNow = async (
  runtime: Runtime,
  record: SpoolRecord,
  context: DeliverContext,
): Promise<string | null> => {
  const heldUntil = runtime.gate.heldUntil();
  if (heldUntil > 0)
    return `the server asked to be left alone until ${readableTime(new Date(heldUntil).toISOString())}`;
  if (laneOf(record) === null) return null;
  return clearTheWay(runtime, record, await neighbours(context, record.channel), context);
};

interface Held {
  readonly claim: Claim;
  readonly record: SpoolRecord;
}

/** Takes hold of a record that is in the spool now: its own, or the same message of before. */
const spooled = async (record: SpoolRecord, spool: Spool): Promise<Held | null> => {
  const own = await spool.add(record);
  if (own !== null) return { claim: own, record };
  const claim = await spool.claim(recordName(record.message.id, record.channel));
  if (claim === null) return null;
  const before = await spool.read(claim);
  return { claim, record: before !== null && 'record' in before ? before.record : record };
};

/** Delivers a claimed record if it is its turn; else it goes back to wait. */
const deliverInTurn = async (
  runtime: Runtime,
  { claim, record }: Held,
  context: DeliverContext,
): Promise<Receipt> => {
  const { spool } = context;
  const why = await whyNotNow(runtime, record, context);
  if (why !== null) {
    await spool.giveBack(claim);
    // Of what went before it; where it fails, the next one tries it again.
    await diskFailure(() => spool.settled());
    return receiptOf(runtime, 'spooled', why);
  }
  const receipt = await deliver(runtime, record, claim, context);
  const failed = await diskFailure(() => spool.settled());
  if (failed === null) return receipt;
  const reason = [receipt.reason, mayComeTwice(failed)].filter((part) => part !== undefined);
  return { ...receipt, reason: reason.join('; ') };
};

/** Spools a record, then delivers it if it is its turn. */
export const sendRecord = async (
  runtime: Runtime,
  record: SpoolRecord,
  lanes: Lanes,
  context: DeliverContext,
): Promise<Receipt> => {
  const { spool } = context;
  // Entered before anything is awaited: the order of calls is the order of messages.
  const lane = laneOf(record);
  const place = lane === null ? null : lanes.enter(lane);
  try {
    let held: Held | null;
    try {
      const waiting = await neighbours(context, record.channel);
      for (const { record: other } of waiting) {
        const until = heldUntil(other, context.clock.now());
        if (until !== null) runtime.gate.holdUntil(until);
      }
      await makeRoom(record, context);
      const folded = await fold(runtime, record, waiting, context);
      if (folded !== null) return folded;
      held = await spooled(record, spool);
    } catch (error) {
      // A full or read-only disk must not stop a rollout: what can still be sent is sent.
      await place?.turn;
      const receipt = await deliver(runtime, record, null, context);
      return receipt.status === 'lost'
        ? {
            ...receipt,
            reason: `${receipt.reason}; and the spool can't be written (${codeOf(error) || 'error'})`,
          }
        : receipt;
    }
    if (held === null) return receiptOf(runtime, 'spooled', 'another process is delivering it');
    await place?.turn;
    try {
      return await deliverInTurn(runtime, held, context);
    } catch (error) {
      const code = codeOf(error);
      if (code === '') throw error;
      return receiptOf(runtime, 'spooled', `the spool can't be read or written (${code})`);
    }
  } finally {
    place?.leave();
  }
};
