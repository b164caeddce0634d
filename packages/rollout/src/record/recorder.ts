import {
  type Journal,
  type JournalEvent,
  type Json,
  type NewEvent,
  openJournal,
} from '@dhash/journal';
import { redactTexts } from '../words/output.ts';
import type { Layout } from './layout.ts';

/**
 * The one writer of a run's journal. A generator's next step starts only once the event before it
 * is on disk; side sources (receipts, requests) go through the same queue. After a failed append
 * nothing more is written, and every later call rejects with the first failure.
 */
export interface Recorder {
  readonly run: string;
  /** Events of this run so far, those of earlier processes included. */
  readonly events: readonly JournalEvent[];
  /** `seq:hash` of the newest line. */
  readonly head: string;
  record(event: NewEvent): Promise<JournalEvent>;
  /** Drives a generator to its end, each event durable before it goes on. */
  follow<E extends NewEvent, R>(events: AsyncGenerator<E, R>): Promise<R>;
  onEvent(listener: (event: JournalEvent) => void): void;
  /** Safe to call twice. */
  close(): Promise<void>;
}

export const openRecorder = async (
  layout: Layout,
  run: string,
  { now, redact }: { now: () => number; redact: (text: string) => string },
): Promise<Recorder> => {
  const journal: Journal = await openJournal(layout.run(run).journal, { now });
  const listeners: ((event: JournalEvent) => void)[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;

  const record = (event: NewEvent): Promise<JournalEvent> => {
    const appended = queue.then(async () => {
      // What commands print ends in events; a secret in it must not end on a record that nobody edits.
      const line = await journal.append(redactTexts(event, redact));
      for (const listener of listeners) listener(line);
      return line;
    });
    queue = appended;
    // The failure reaches whoever awaits `appended` and every later call; this only keeps Node from
    // calling the queue's own copy of it unhandled.
    queue.catch(() => undefined);
    return appended;
  };

  return {
    run,
    get events() {
      return journal.events;
    },
    get head() {
      return journal.head;
    },
    record,
    follow: async <E extends NewEvent, R>(events: AsyncGenerator<E, R>): Promise<R> => {
      for (;;) {
        const step = await events.next();
        if (step.done) return step.value;
        try {
          await record(step.value);
        } catch (error) {
          // Closing the generator runs its `finally` blocks and no further step.
          await events.return(undefined as R);
          throw error;
        }
      }
    },
    onEvent: (listener) => {
      listeners.push(listener);
    },
    close: async () => {
      closed ??= queue.then(
        () => journal.close(),
        () => journal.close(),
      );
      await closed;
    },
  };
};

/** Makes typed data a plain JSON value for the record: `undefined` fields vanish, dates become text. */
export const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;
