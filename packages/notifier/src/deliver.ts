import type { Channel, Delivery } from './channels/channel.ts';
import type { Clock } from './clock.ts';
import type { ChannelConfig } from './config/channel-schema.ts';
import type { Gate } from './delivery/gate.ts';
import { type RetryOutcome, type RetryPolicy, withRetry } from './delivery/with-retry.ts';
import type { Receipt } from './receipt.ts';
import { readableTime } from './render/severity-look.ts';
import { diskFailure } from './spool/durable.ts';
import type { Death, SpoolRecord } from './spool/record.ts';
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
  readonly policyFor: (type: ChannelConfig['type']) => RetryPolicy;
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

/** `72 h`, `1.5 h`. */
export const hours = (ms: number): string => `${Math.round((ms / 3_600_000) * 10) / 10} h`;

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
  needsPeople: outcome.result.kind === 'transient' && outcome.result.isConfig === true,
  waiting: outcome.result.kind === 'transient' ? outcome.result.waiting : record.waiting,
});

/** Said of a delivered message whose file the disk keeps. */
export const mayComeTwice = (code: string): string =>
  `the spool can't be written (${code}), so a later flush may send it once more`;

/**
 * Tries a record and settles it: removed, put back or given up. What the disk refuses then is told in
 * the receipt and never thrown. `claim` is null where the spool
 * could not be written; then the outcome is delivered or lost. The caller awaits `spool.settled()`
 * before it hands on the receipt.
 */
export const deliver = async (
  runtime: Runtime,
  record: SpoolRecord,
  claim: Claim | null,
  context: DeliverContext,
): Promise<Receipt> => {
  const { spool, clock, signal } = context;
  const { channel, gate, config } = runtime;
  const policy = context.policyFor(config.type);
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
  const bury = async (held: Claim, buried: SpoolRecord, death: Death): Promise<string> => {
    const { reason } = death;
    const failed = await diskFailure(() => spool.bury(held, buried, death));
    if (failed === null) return reason;
    await diskFailure(() => spool.giveBack(held));
    return `${reason}; dead/ can't be written (${failed}), so it stays in the spool`;
  };
  const putBack = async (updated: SpoolRecord, attempts: number, reason: string) => {
    if (claim === null) return receipt('lost', attempts, { reason });
    const ageMs = clock.now() - updated.createdAt;
    if (ageMs > context.maxAgeMs) {
      const why = `expired after ${hours(ageMs)} and ${updated.attempts} tries; last: ${reason}`;
      const death = { reason: why, isRefusal: false };
      return receipt('dead', attempts, { reason: await bury(claim, updated, death) });
    }
    const failed = await diskFailure(() => spool.release(claim, updated));
    if (failed === null) return receipt('spooled', attempts, { reason });
    // The file of before its tries is still there, and says all that matters.
    await diskFailure(() => spool.giveBack(claim));
    return receipt('spooled', attempts, {
      reason: `${reason}; the spool can't be written (${failed}): it waits there as it was`,
    });
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
  const unburied =
    refused.length > 0 && result.kind !== 'permanent'
      ? await diskFailure(() =>
          spool.bury(null, record, {
            reason: `refused for good: ${refused.join('; ')}`,
            isRefusal: true,
          }),
        )
      : null;
  const notInDead = unburied === null ? [] : [`dead/ can't be written (${unburied})`];
  switch (result.kind) {
    case 'ok': {
      const left = claim === null ? null : await diskFailure(() => spool.removeDelivered(claim));
      const reasons = [
        ...(refused.length === 0 ? [] : [`refused: ${refused.join('; ')}`]),
        ...notInDead,
        ...(left === null ? [] : [mayComeTwice(left)]),
      ];
      return receipt(result.status, attempts, {
        ...(result.receipt === null ? {} : { receipt: result.receipt }),
        ...refusedPart,
        ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
      });
    }
    case 'transient': {
      const updated = afterFailure(record, outcome, result.reason, context);
      const people = result.isConfig === true ? ['people are needed; it waits until then'] : [];
      const reason = [result.reason, ...people, ...notInDead].join('; ');
      return { ...(await putBack(updated, attempts, reason)), ...refusedPart };
    }
    case 'permanent': {
      const buried = { ...record, attempts: record.attempts + attempts, reason: result.reason };
      if (claim === null) return receipt('lost', attempts, { reason: result.reason });
      const reason = await bury(claim, buried, { reason: result.reason, isRefusal: true });
      return receipt('dead', attempts, { reason, ...refusedPart });
    }
  }
};
