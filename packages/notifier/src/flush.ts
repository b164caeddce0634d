import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeliverContext, deliver, type Runtime } from './deliver.ts';
import { severities } from './message.ts';
import type { Receipt } from './receipt.ts';
import { codeOf, makeFolder, removeFile, writeNew } from './spool/durable.ts';
import { isOwnerAlive, ownerTag } from './spool/owner.ts';
import { byAge, laneOf, type SpoolRecord } from './spool/record.ts';
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
  /** Another flush is at work; this one did nothing. */
  readonly busy: boolean;
  readonly receipts: readonly Receipt[];
}

const nothing: FlushReport = {
  delivered: 0,
  accepted: 0,
  spooled: 0,
  dead: 0,
  orphaned: 0,
  busy: false,
  receipts: [],
};

/** The one flusher's mark, or null where another living one has it. */
export const enterFlush = async (folder: string): Promise<{ leave(): void } | null> => {
  const file = join(folder, 'flush.lock');
  await makeFolder(folder);
  const tag = ownerTag();
  for (let round = 0; round < 3; round++) {
    if (await writeNew(file, tag)) return { leave: () => removeFile(file) };
    let holder: string;
    try {
      holder = (await readFile(file, 'utf8')).trim();
    } catch (error) {
      // Left between our two looks.
      if (codeOf(error) === 'ENOENT') continue;
      throw error;
    }
    // Not even of this machine: it is taken to live, since two flushers could break the order.
    if (isOwnerAlive(holder) !== false) return null;
    removeFile(file);
  }
  return null;
};

interface Waiting {
  readonly entry: SpoolEntry;
  readonly record: SpoolRecord;
}

/** Critical first, then by age: the order of one run and severity holds. */
const byUrgency = (a: Waiting, b: Waiting): number =>
  severities.indexOf(b.record.message.severity) - severities.indexOf(a.record.message.severity) ||
  byAge(a.record, b.record);

const drain = async (
  runtime: Runtime,
  waiting: readonly Waiting[],
  mode: 'now' | 'due',
  context: DeliverContext,
): Promise<Receipt[]> => {
  const { clock, spool, signal } = context;
  const receipts: Receipt[] = [];
  for (const { entry, record } of waiting)
    if (record.notBefore !== null && entry.claimedBy === null)
      runtime.gate.holdUntil(record.notBefore);
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
    // What comes after it would overtake it, and the channel does not work anyway.
    if (receipt.status === 'spooled') break;
  }
  return receipts;
};

/**
 * Delivers what waits in the spool; channels side by side, one flusher at a time. `now` does not
 * wait for our own backoff, `due` does; neither goes against a server's hint.
 */
export const flushSpool = async (
  runtimes: ReadonlyMap<string, Runtime>,
  mode: 'now' | 'due',
  context: DeliverContext,
): Promise<FlushReport> => {
  const { spool } = context;
  const mark = await enterFlush(spool.folder);
  if (mark === null) return { ...nothing, busy: true };
  try {
    await spool.recover();
    const byChannel = new Map<string, Waiting[]>();
    let orphaned = 0;
    let dead = 0;
    for (const entry of await spool.list()) {
      const read = await spool.read(entry);
      if (read === null) continue;
      if ('problem' in read) {
        if (entry.claimedBy !== null) continue;
        await spool.buryUnreadable(entry, read.problem);
        dead++;
        continue;
      }
      const { record } = read;
      if (!runtimes.has(record.channel)) {
        orphaned++;
        continue;
      }
      const list = byChannel.get(record.channel) ?? [];
      list.push({ entry, record });
      byChannel.set(record.channel, list);
    }
    const receipts = (
      await Promise.all(
        [...runtimes].map(([name, runtime]) =>
          drain(runtime, byChannel.get(name) ?? [], mode, context),
        ),
      )
    ).flat();
    await spool.settled();
    const having = (status: Receipt['status']): number =>
      receipts.filter((receipt) => receipt.status === status).length;
    return {
      delivered: having('delivered'),
      accepted: having('accepted'),
      spooled: (await spool.list()).length - orphaned,
      dead: dead + having('dead'),
      orphaned,
      busy: false,
      receipts,
    };
  } finally {
    mark.leave();
  }
};
