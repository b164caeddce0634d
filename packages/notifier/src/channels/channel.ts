import type { AttachmentRules } from '../attachments.ts';
import type { AttemptResult } from '../delivery/attempt.ts';
import type { Message } from '../message.ts';
import type { Agents } from '../net/agents.ts';
import type { Threads } from '../spool/threads.ts';

/** One message on its way to one channel. */
export interface Delivery {
  readonly message: Message;
  /** Part of the message from its first try on: sent here instead of elsewhere, folded. */
  readonly notes: readonly string[];
  /** Said to people only: redelivered, and since when. A webhook's bytes stay the same without it. */
  readonly redelivery: readonly string[];
}

/** What a channel needs from outside for one try. */
export interface TryContext {
  readonly tryMs: number;
  readonly signal: AbortSignal | undefined;
  /** Recipients still to be served (digests); null: all. Only email has several. */
  readonly waiting: readonly string[] | null;
}

/** A way to deliver: one try, classified. It never throws for what a server or network did. */
export interface Channel {
  attempt(delivery: Delivery, context: TryContext): Promise<AttemptResult>;
  /** Whether this rendering leaves something out. */
  isTruncated(delivery: Delivery): boolean;
  /** Gives up kept connections. */
  close(): void;
}

/** What all channels are made with. */
export interface ChannelTools {
  readonly agents: Agents;
  readonly now: () => number;
  readonly redact: (text: string) => string;
  readonly attachments: AttachmentRules;
  readonly threads: Threads;
}
