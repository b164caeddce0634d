import type { Clock } from './clock.ts';
import type { ChannelConfig } from './config/channel-schema.ts';
import type { RetryPolicy } from './delivery/with-retry.ts';
import type { FlushMode, FlushReport } from './flush.ts';
import type { Message } from './message.ts';
import type { Receipt } from './receipt.ts';
import type { RepeatPolicy } from './repeat/policy.ts';
import type { Repeating } from './repeat/repeater.ts';
import type { SpoolStatus } from './status.ts';

/** How critical messages are said again. */
export interface RepeatOptions extends Partial<RepeatPolicy> {
  /** What a person types to end it, as every repetition says: `dhash-rollout ack RUN`. */
  readonly acknowledge: (run: string) => string;
}

/** What a notifier is made with. */
export interface NotifierOptions {
  readonly channels: readonly ChannelConfig[];
  /** Holds `spool/` and `dead/`; made when the first message is sent. */
  readonly folder: string;
  readonly clock?: Clock | undefined;
  /** 0 ≤ r < 1: jitter. */
  readonly random?: (() => number) | undefined;
  /** Names the proxy: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Tries and budgets of one message; default 5 tries, 15 s in all, 10 s a try. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** A message that could not be delivered for this long is given up, ms. Default 72 h. */
  readonly maxAgeMs?: number | undefined;
  /** Messages that no channel was on for stay in kept/ this long, ms. Default 30 days. */
  readonly keptMaxAgeMs?: number | undefined;
  /** Most files in the spool; the least urgent, oldest is given up for a new one. Default 10,000. */
  readonly maxWaiting?: number | undefined;
  /** Attachments of mails are read below this folder only. Default: nothing is attached. */
  readonly attachmentFolder?: string | undefined;
  /** All attachments of one mail together, bytes. Default 5 MB. */
  readonly attachmentLimitBytes?: number | undefined;
  /** Critical messages are said again until {@link Notifier.acknowledge}, by every `flush`. Default: they are not. */
  readonly repeat?: RepeatOptions | undefined;
  /** More secrets that no message may carry: database addresses, tokens. */
  readonly secrets?: readonly string[] | undefined;
  /** Names and paths that stay readable, where a secret or a part of one stands in them. */
  readonly facts?: readonly string[] | undefined;
}

/** What one `send` may say. */
export interface SendOptions {
  /** Names of channels; default: all. */
  readonly channels?: readonly string[] | undefined;
  /** Channels that stand in for a held one when the message is critical; default: all. */
  readonly fallback?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Instead of the 15 s. */
  readonly budgetMs?: number | undefined;
}

/** Delivers messages; nothing it returns or throws holds a secret. */
export interface Notifier {
  /**
   * Delivers to every channel beside each other; resolves when each has a receipt, and never
   * rejects for what a server, the network or the disk did.
   * @throws NotifierError `bad-message`, `unknown-channel`.
   */
  send(message: Message, options?: SendOptions): Promise<Receipt[]>;
  /**
   * One try to every channel, whatever its events and severity, kept nowhere: what does not arrive
   * is `lost`. Tells whether channels work.
   */
  test(message: Message, options?: Pick<SendOptions, 'channels' | 'signal'>): Promise<Receipt[]>;
  /**
   * Delivers what waits. `due` also obeys our own backoff; `now` (default) only a server's word; `held-too`
   * not even that. A flush has time: it waits for a slow receiver longer than a command does, unless it is
   * `short` (which `due` is by default, as it goes before and beside a command's own messages).
   */
  flush(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly mode?: FlushMode | undefined;
    readonly waits?: 'long' | 'short' | undefined;
  }): Promise<FlushReport>;
  /**
   * A person has seen to a run: its critical message is not said again. Resolves to what was said, and how often; null
   * where nothing was being repeated.
   */
  acknowledge(run: string): Promise<{ readonly title: string; readonly count: number } | null>;
  /** What is being repeated, oldest first; changes nothing. */
  repeating(): Promise<readonly Repeating[]>;
  /** What waits and what was given up; changes nothing. */
  status(): Promise<SpoolStatus>;
  /** Removes messages of dead/ that a person has seen to: those with these ids, or all. */
  clearDead(ids?: readonly string[]): Promise<number>;
  /** Puts messages of dead/ back into the spool, as new, in their old order. */
  reviveDead(ids?: readonly string[]): Promise<number>;
}
