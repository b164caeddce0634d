import type { Message } from '../message.ts';
import { alertActionOf } from '../render/alert.ts';

/** How a critical message is said again until a person acknowledges it. */
export interface RepeatPolicy {
  /** Between two of them, ms. */
  readonly everyMs: number;
  /** Nobody reads what nobody answered for this long, ms. */
  readonly endsAfterMs: number;
}

/** Every 5 min, for a day. */
export const defaultRepeatPolicy: RepeatPolicy = {
  everyMs: 5 * 60_000,
  endsAfterMs: 24 * 3_600_000,
};

/** How far a repetition has come; instants are epoch ms. */
export interface RepeatState {
  readonly startedAt: number;
  readonly lastAt: number;
  /** How often it was said, the first time included. */
  readonly count: number;
}

/** What a message means for the repetition of its run. */
export type RepeatEffect = 'begins' | 'ends' | 'none';

/**
 * A critical message of a run is repeated while it waits for a person; where the tool acts, its next message says how
 * that ended. The newest one of a run is the one that is repeated. A good end ends it.
 */
export const repeatEffect = (message: Message): RepeatEffect => {
  if (message.run === null) return 'none';
  if (alertActionOf(message) === 'close' || message.acts?.who === 'tool has acted') return 'ends';
  if (message.severity !== 'critical') return 'none';
  return message.acts?.who === 'tool acts' ? 'none' : 'begins';
};

/** What is to be done at `nowMs`. */
export type NextRepeat =
  | { readonly kind: 'due' }
  | { readonly kind: 'waits'; readonly untilMs: number }
  | { readonly kind: 'over' };

/** When it is said again. A process that slept through several times says it once. */
export const nextRepeat = (
  { startedAt, lastAt }: RepeatState,
  nowMs: number,
  { everyMs, endsAfterMs }: RepeatPolicy,
): NextRepeat => {
  if (nowMs - startedAt >= endsAfterMs) return { kind: 'over' };
  const untilMs = lastAt + everyMs;
  // A clock that was set back must not silence it for longer than one interval.
  return untilMs <= nowMs || lastAt > nowMs ? { kind: 'due' } : { kind: 'waits', untilMs };
};
