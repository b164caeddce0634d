import type { Runtime } from './deliver.ts';
import type { Severity } from './message.ts';
import { describeOwner } from './spool/owner.ts';
import { byAge, heldUntil, type SpoolRecord } from './spool/record.ts';
import type { Spool } from './spool/spool.ts';

/** One message that waits. */
export interface WaitingMessage {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly severity: Severity;
  readonly title: string;
  readonly run: string | null;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly attempts: number;
  readonly reason: string | null;
  /** Epoch ms; null: the server did not ask for a pause. */
  readonly notBefore: number | null;
  /** Epoch ms of the next automatic try. */
  readonly retryAt: number;
  /** How many identical messages it stands for. */
  readonly count: number;
  /** Its channel is not configured, or off. */
  readonly isOrphaned: boolean;
  /** Who is delivering it, such as `process 4711`; null: nobody. */
  readonly claimedBy: string | null;
}

/** One message that was given up. */
export interface DeadMessage {
  /** null: the file could not be read as a message. */
  readonly id: string | null;
  readonly channel: string | null;
  readonly event: string | null;
  readonly title: string | null;
  /** Epoch ms. */
  readonly at: number;
  readonly reason: string;
  /** The receiver refused it for good; else it expired, was crowded out or could not be read. */
  readonly isRefusal: boolean;
  readonly file: string;
}

/** What the spool holds. */
export interface SpoolStatus {
  readonly waiting: readonly WaitingMessage[];
  readonly dead: readonly DeadMessage[];
  /** Files in the spool that are no records; the next flush moves them to dead/. */
  readonly unreadable: readonly string[];
  readonly channels: readonly {
    readonly name: string;
    readonly type: string;
    readonly state: 'on' | 'off' | 'held' | 'gone';
    /** Epoch ms; null: not held. */
    readonly heldUntil: number | null;
    /**
     * Why its address or settings need people: what its receiver last refused for good, until those messages are
     * cleared or revived; or the certificate that a message waits for. Later messages are tried all the same.
     * null: nothing.
     */
    readonly needsPeople: string | null;
    readonly waiting: number;
    readonly dead: number;
  }[];
}

/** Reads the spool; creates and changes nothing. */
export const spoolStatus = async (
  spool: Spool,
  configured: readonly { readonly name: string; readonly type: string }[],
  runtimes: ReadonlyMap<string, Runtime>,
  nowMs: number,
): Promise<SpoolStatus> => {
  const unreadable: string[] = [];
  const records: { readonly record: SpoolRecord; readonly claimedBy: string | null }[] = [];
  for (const entry of await spool.list()) {
    const read = await spool.read(entry);
    if (read === null) continue;
    if ('problem' in read) unreadable.push(`${entry.name}: ${read.problem}`);
    else
      records.push({
        record: read.record,
        claimedBy: entry.claimedBy === null ? null : describeOwner(entry.claimedBy),
      });
  }
  records.sort((a, b) => byAge(a.record, b.record));
  const dead = (await spool.dead.list()).map(
    ({ file, record, reason, at, isRefusal }): DeadMessage => ({
      id: record?.message.id ?? null,
      channel: record?.channel ?? null,
      event: record?.message.event ?? null,
      title: record?.message.title ?? null,
      at,
      reason,
      isRefusal,
      file,
    }),
  );
  return {
    waiting: records.map(({ record, claimedBy }) => ({
      id: record.message.id,
      channel: record.channel,
      event: record.message.event,
      severity: record.message.severity,
      title: record.message.title,
      run: record.message.run,
      createdAt: record.createdAt,
      attempts: record.attempts,
      reason: record.reason,
      notBefore: heldUntil(record, nowMs),
      retryAt: record.retryAt,
      count: record.count,
      isOrphaned: !runtimes.has(record.channel),
      claimedBy,
    })),
    dead,
    unreadable,
    channels: configured.map(({ name, type }) => {
      const gate = runtimes.get(name)?.gate;
      const own = records.filter(({ record }) => record.channel === name);
      const until = Math.max(
        gate?.heldUntil() ?? 0,
        ...own.map(({ record }) => heldUntil(record, nowMs) ?? 0),
      );
      const isHeld = until > nowMs;
      return {
        name,
        type,
        state:
          gate === undefined ? 'off' : gate.goneReason() !== null ? 'gone' : isHeld ? 'held' : 'on',
        heldUntil: isHeld ? until : null,
        needsPeople:
          dead.findLast(({ channel, isRefusal }) => channel === name && isRefusal)?.reason ??
          own.findLast(({ record }) => record.needsPeople === true)?.record.reason ??
          null,
        waiting: own.length,
        dead: dead.filter(({ channel }) => channel === name).length,
      };
    }),
  };
};
