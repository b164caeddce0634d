import type { AttemptResult } from '../delivery/attempt.ts';
import type { Message } from '../message.ts';
import type { Composed } from '../render/view.ts';
import type { Delivery } from './channel.ts';
import type { HttpAnswer } from './http-post.ts';

/** What sets one HTTP channel apart from another. */
export interface HttpContract {
  compose(delivery: Delivery): Composed<unknown>;
  /** Puts into the payload what only goes over the wire: a key of the vendor's. */
  seal?(payload: unknown): unknown;
  /** Reads a 2xx answer: most vendors hide failures in one. */
  judge(answer: HttpAnswer, nowMs: number): AttemptResult;
  /** Changes the configured address into the one that this message is posted to. */
  address?(url: URL, message: Message): void;
  /** What a 404 or 410 means. */
  readonly gone?: string;
  headers?(id: string, nowMs: number, body: string): Record<string, string>;
}

/** What is said to people at the end of a message. */
export const everyNote = ({ notes, redelivery }: Delivery): string[] => [...notes, ...redelivery];
