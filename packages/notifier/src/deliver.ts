import type { Channel, Delivery } from './channels/channel.ts';
import type { Clock } from './clock.ts';
import type { ChannelConfig } from './config/channel-schema.ts';
import type { Gate } from './delivery/gate.ts';
import { type RetryOutcome, type RetryPolicy, withRetry } from './delivery/with-retry.ts';
import type { Receipt } from './receipt.ts';
import { readableTime } from './render/severity-look.ts';
import type { SpoolRecord } from './spool/record.ts';
import type { Claim, Spool } from './spool/spool.ts';

/** A channel as this process uses it. */
export interface Runtime {
  readonly config: ChannelConfig;
  readonly channel: Channel;
  readonly gate: Gate;
}

/** What a delivery needs besides its channel. */
export interface DeliverContext {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly policy: RetryPolicy;
  /** A record older than this is given up, ms. */
  readonly maxAgeMs: number;
  /** More files than this are not kept in the spool, unless they are more urgent. */
  readonly maxWaiting: number;
  readonly signal: AbortSignal | undefined;
}

/** Waits before the next automatic try, by how often it was taken up again (Standard Webhooks' schedule), ms. */
const redeliveryWaitsMs = [
  30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

const nextRetryAt = (record: SpoolRecord, nowMs: number, random: () => number): number => {
  const waitMs = redeliveryWaitsMs[Math.min(record.redeliveries, redeliveryWaitsMs.length - 1)];
  return nowMs + (waitMs ?? 0) * (0.9 + 0.2 * random());
};

/** What people are told that the message itself does not say. */
const redeliveryNotes = (record: SpoolRecord): string[] => [
  ...(record.count > 1
    ? [`said ${record.count} times, last ${readableTime(new Date(record.lastAt).toISOString())}`]
    : []),
  ...(record.redeliveries > 0
    ? [
        `redelivered ×${record.redeliveries}, originally ${readableTime(new Date(record.createdAt).toISOString())}`,
      ]
    : []),
];

/**
 * A webhook's receiver and a mail program know a copy by its id; people in a chat see every copy, so
 * there a cut-off answer is followed by one more try, and later by one try a flush.
 */
const ambiguousTriesOf = (config: ChannelConfig, record: SpoolRecord): number | undefined => {
  if (config.type === 'webhook' || config.type === 'email') return undefined;
  return record.isAmbiguous ? 1 : 2;
};

const hours = (ms: number): string => `${Math.round((ms / 3_600_000) * 10) / 10} h`;

/** The record as it goes back into the spool. */
const afterFailure = (
  record: SpoolRecord,
  outcome: RetryOutcome,
  reason: string,
  context: DeliverContext,
): SpoolRecord => ({
  ...record,
  attempts: record.attempts + outcome.attempts,
  notBefore: outcome.notBefore,
  retryAt: nextRetryAt(record, context.clock.now(), context.random),
  reason,
  isAmbiguous: record.isAmbiguous || outcome.wasAmbiguous,
  waiting: outcome.result.kind === 'transient' ? outcome.result.waiting : record.waiting,
});

/**
 * Tries a record and settles it: removed, put back or given up. `claim` is null where the spool
 * could not be written; then the outcome is delivered or lost. The caller awaits `spool.settled()`
 * before it hands on the receipt.
 */
export const deliver = async (
  runtime: Runtime,
  record: SpoolRecord,
  claim: Claim | null,
  context: DeliverContext,
): Promise<Receipt> => {
  const { spool, clock, policy, signal } = context;
  const { channel, gate, config } = runtime;
  const startedAt = clock.now();
  const delivery: Delivery = {
    message: record.message,
    notes: record.notes,
    redelivery: redeliveryNotes(record),
  };
  const receipt = (
    status: Receipt['status'],
    attempts: number,
    more: Partial<Receipt> = {},
  ): Receipt => ({
    channel: config.name,
    status,
    attempts,
    ms: clock.now() - startedAt,
    ...(attempts > 0 && channel.isTruncated(delivery) ? { truncated: true } : {}),
    ...more,
  });
  const putBack = async (updated: SpoolRecord, attempts: number, reason: string) => {
    if (claim === null) return receipt('lost', attempts, { reason });
    const ageMs = clock.now() - updated.createdAt;
    if (ageMs > context.maxAgeMs) {
      const why = `expired after ${hours(ageMs)} and ${updated.attempts} tries; last: ${reason}`;
      await spool.bury(claim, updated, why);
      return receipt('dead', attempts, { reason: why });
    }
    await spool.release(claim, updated);
    return receipt('spooled', attempts, { reason });
  };

  const gone = gate.goneReason();
  if (gone !== null) return putBack(record, 0, `not tried: this process was told ${gone}`);

  const endAtMs = startedAt + policy.budgetMs;
  const outcome = await withRetry(
    (tryMs, waiting) =>
      gate.run(() => channel.attempt(delivery, { tryMs, signal, waiting }), { endAtMs, signal }),
    {
      policy,
      clock,
      random: context.random,
      waiting: record.waiting,
      ambiguousTries: ambiguousTriesOf(config, record),
      signal,
    },
  );
  const { result, attempts, refused } = outcome;
  const refusedPart = refused.length === 0 ? {} : { refused };
  if (refused.length > 0 && result.kind !== 'permanent')
    await spool.bury(null, record, `refused for good: ${refused.join('; ')}`);
  switch (result.kind) {
    case 'ok':
      if (claim !== null) await spool.removeDelivered(claim);
      return receipt(result.status, attempts, {
        ...(result.receipt === null ? {} : { receipt: result.receipt }),
        ...(refused.length === 0 ? {} : { refused, reason: `refused: ${refused.join('; ')}` }),
      });
    case 'transient': {
      const updated = afterFailure(record, outcome, result.reason, context);
      return { ...(await putBack(updated, attempts, result.reason)), ...refusedPart };
    }
    case 'permanent': {
      const buried = { ...record, attempts: record.attempts + attempts, reason: result.reason };
      if (claim === null) return receipt('lost', attempts, { reason: result.reason });
      await spool.bury(claim, buried, result.reason);
      return receipt('dead', attempts, { reason: result.reason, ...refusedPart });
    }
  }
};
