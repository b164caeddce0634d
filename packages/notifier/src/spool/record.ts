import { createHash } from 'node:crypto';
import { longestHoldMs } from '../delivery/server-hint.ts';
import { type Message, parseMessage } from '../message.ts';

/**
 * One message on its way to one channel, as it lies in the spool. It holds the channel's *name*,
 * never its address or a secret: those come from the configuration at every try.
 */
export interface SpoolRecord {
  readonly format: 1;
  readonly channel: string;
  readonly message: Message;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Orders messages of one process that were made within one millisecond. */
  readonly order: number;
  readonly attempts: number;
  /** How often it was taken up again after its first command. */
  readonly redeliveries: number;
  /** Epoch ms: the server's word; nothing goes to the channel before it. */
  readonly notBefore: number | null;
  /** Epoch ms: our own backoff; `flush` does not wait for it. */
  readonly retryAt: number;
  readonly reason: string | null;
  /** An answer was cut off: it may have arrived already. */
  readonly isAmbiguous: boolean;
  /** The last try met what only people mend: a certificate that is over. Missing in older files: false. */
  readonly needsPeople?: boolean | undefined;
  readonly notes: readonly string[];
  /** Its channel opens and closes alerts: all of a run keep their order, whatever their severity. Missing: false. */
  readonly isAlert?: boolean | undefined;
  /** Digests of the recipients still to be served; null: all. */
  readonly waiting: readonly string[] | null;
  /** Identical messages that were folded into this one, itself included. */
  readonly count: number;
  /** When the last of them was made, epoch ms. */
  readonly lastAt: number;
}

/** Why a message was given up. */
export interface Death {
  readonly reason: string;
  /** The receiver refused it for good: the channel needs people, until the message is cleared or revived. */
  readonly isRefusal: boolean;
}

/** A record that was given up. */
export interface DeadRecord extends SpoolRecord {
  readonly dead: Death & {
    /** Epoch ms. */
    readonly at: number;
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/**
 * A spool file's content, or why it is none. A format that is not known is refused by name, so that
 * an older program never misreads what a newer one wrote.
 */
export const parseRecord = (
  text: string,
): { readonly record: SpoolRecord } | { readonly problem: string } => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null) return { problem: 'not an object' };
  const fields = value as Partial<Record<keyof SpoolRecord, unknown>>;
  if (fields.format !== 1)
    return { problem: `format ${JSON.stringify(fields.format)?.slice(0, 20)}, not 1` };
  const isSound =
    typeof fields.channel === 'string' &&
    isNumber(fields.createdAt) &&
    isNumber(fields.order) &&
    isNumber(fields.attempts) &&
    isNumber(fields.redeliveries) &&
    (fields.notBefore === null || isNumber(fields.notBefore)) &&
    isNumber(fields.retryAt) &&
    (fields.reason === null || typeof fields.reason === 'string') &&
    typeof fields.isAmbiguous === 'boolean' &&
    (fields.needsPeople === undefined || typeof fields.needsPeople === 'boolean') &&
    isTexts(fields.notes) &&
    (fields.isAlert === undefined || typeof fields.isAlert === 'boolean') &&
    (fields.waiting === null || isTexts(fields.waiting)) &&
    isNumber(fields.count) &&
    isNumber(fields.lastAt);
  if (!isSound) return { problem: 'a field is missing or of another type' };
  try {
    return { record: { ...(value as SpoolRecord), message: parseMessage(fields.message) } };
  } catch {
    return { problem: 'its message is not one' };
  }
};

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A channel's name as part of a file name. */
export const channelSlug = (channel: string): string =>
  /^[a-z0-9_-]{1,40}$/.test(channel) ? channel : `x${hash(channel).slice(0, 20)}`;

/** The same for the same message to the same channel: sending it twice makes one file. */
export const recordName = (id: string, channel: string): string =>
  `${id}.${channelSlug(channel)}.json`;

/** Equal for messages that say the same, whenever and under whatever id. */
export const contentDigest = ({ id: _id, at: _at, ...said }: Message): string =>
  hash(JSON.stringify(said));

/** What is made first goes first. */
export const byAge = (a: SpoolRecord, b: SpoolRecord): number =>
  a.createdAt - b.createdAt || a.order - b.order || (a.message.id < b.message.id ? -1 : 1);

/**
 * Until when the server's word holds a record, epoch ms; null: it does not. What is further off than any hold may
 * be was written by a clock that was wrong, or by a version that took every hint.
 */
export const heldUntil = ({ notBefore }: SpoolRecord, nowMs: number): number | null =>
  notBefore === null || notBefore > nowMs + longestHoldMs ? null : notBefore;

/** Messages of one lane keep their order; null: this one keeps none. */
export const laneOf = ({ channel, message, isAlert }: SpoolRecord): string | null =>
  message.run === null
    ? null
    : JSON.stringify([channel, message.run, ...(isAlert ? [] : [message.severity])]);
