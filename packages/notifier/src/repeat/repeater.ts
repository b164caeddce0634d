import type { Clock } from '../clock.ts';
import type { ChannelConfig } from '../config/channel-schema.ts';
import type { Message } from '../message.ts';
import { readableTime } from '../render/severity-look.ts';
import { readableDuration } from '../situation.ts';
import { diskFailure } from '../spool/durable.ts';
import { enterFlush } from '../spool/flush-lock.ts';
import { nextRepeat, type RepeatPolicy, repeatEffect } from './policy.ts';
import type { Repeat, Repeats } from './repeats.ts';

/** A repetition as `status` shows it; instants are epoch ms. */
export interface Repeating {
  readonly run: string;
  readonly event: string;
  readonly title: string;
  readonly startedAt: number;
  readonly count: number;
  readonly nextAt: number;
}

/** One message that is to be said again now, and where. */
export interface DueRepeat {
  readonly message: Message;
  readonly channels: readonly string[];
  readonly note: string;
}

const idLimit = 64;

const nth = (repeat: Repeat, acknowledge: string): DueRepeat & { readonly state: Repeat } => {
  const count = repeat.count + 1;
  const mark = `-r${count}`;
  const { message, channels, startedAt } = repeat;
  return {
    message: { ...message, id: message.id.slice(0, idLimit - mark.length) + mark },
    channels,
    note: `said ${count} times since ${readableTime(new Date(startedAt).toISOString())}, until somebody types: ${acknowledge}`,
    state: { ...repeat, count },
  };
};

/** Says a critical message again until a person acknowledges its run. What the disk refuses costs a repetition only. */
export const createRepeater = (
  repeats: Repeats,
  options: {
    readonly policy: RepeatPolicy;
    /** What a person types to end it. */
    readonly acknowledge: (run: string) => string;
    /** Holds the flush lock. */
    readonly folder: string;
    readonly clock: Clock;
  },
) => {
  const { policy, acknowledge, folder, clock } = options;
  return {
    /**
     * To be called as a message goes out. `note`: what its first time carries; null: it is not repeated. `kept`
     * resolves when the repetition, or the end of one, is on disk.
     */
    notice: (
      message: Message,
      channels: readonly string[],
    ): { readonly note: string | null; readonly kept: Promise<unknown> } => {
      const { run } = message;
      const effect = repeatEffect(message);
      if (run !== null && effect === 'ends')
        return { note: null, kept: diskFailure(() => repeats.end(run)) };
      if (run === null || effect === 'none' || channels.length === 0)
        return { note: null, kept: Promise.resolve() };
      const nowMs = clock.now();
      const repeat = {
        ...{ message: { ...message, run }, channels },
        ...{ startedAt: nowMs, lastAt: nowMs, count: 1 },
      };
      return {
        note: `said again every ${readableDuration(policy.everyMs)} until somebody types: ${acknowledge(run)}`,
        kept: diskFailure(() => repeats.keep(repeat)),
      };
    },

    /**
     * What is to be said again now; each is given to one process only. One whose channels are not this notifier's
     * (another environment's) is left to theirs.
     */
    due: async (isOurs: (channel: string) => boolean): Promise<DueRepeat[]> => {
      const all = await repeats.list();
      const isWaiting = (repeat: Repeat): boolean =>
        !repeat.channels.some(isOurs) || nextRepeat(repeat, clock.now(), policy).kind === 'waits';
      if (all.every(isWaiting)) return [];
      const lock = await enterFlush(folder, clock);
      if (lock.kind === 'busy') return [];
      try {
        const due: DueRepeat[] = [];
        for (const repeat of await repeats.list()) {
          const { run } = repeat.message;
          const next = nextRepeat(repeat, clock.now(), policy);
          if (next.kind === 'over') await repeats.end(run);
          if (next.kind !== 'due' || isWaiting(repeat)) continue;
          const { state, ...said } = nth(repeat, acknowledge(run));
          await repeats.keep({ ...state, lastAt: clock.now() });
          due.push(said);
        }
        return due;
      } finally {
        await lock.leave();
      }
    },

    list: async (): Promise<Repeating[]> =>
      (await repeats.list()).map(({ message, startedAt, lastAt, count }) => ({
        ...{ run: message.run, event: message.event, title: message.title },
        ...{ startedAt, count, nextAt: lastAt + policy.everyMs },
      })),
  };
};

/** Chats are watched by people; a mail stays where it is, and a pager repeats by itself. */
const repeating: ReadonlySet<ChannelConfig['type']> = new Set(['slack', 'teams', 'discord']);

/** Whether a channel says a critical message again. */
export const doesRepeat = ({ type, repeat }: ChannelConfig): boolean =>
  repeat ?? repeating.has(type);
