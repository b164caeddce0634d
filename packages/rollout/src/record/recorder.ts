import { type Journal, type JournalEvent, type Json, openJournal } from '@dhash/journal';
import type { RecordedEvent, RunEvent } from './events.ts';
import { maskWords } from './free-text.ts';
import type { Layout } from './layout.ts';
import { readEvents, unknownIn } from './read-events.ts';

/**
 * The one writer of a run's journal. A generator's next step starts only once the event before it
 * is on disk; side sources (receipts, requests) go through the same queue. After a failed append
 * nothing more is written, and every later call rejects with the first failure.
 */
export interface Recorder {
  readonly run: string;
  /** Events of this run so far, those of earlier processes included. */
  readonly events: readonly RecordedEvent[];
  /** The same, as `runSteps` takes them. */
  readonly past: readonly JournalEvent[];
  /** `seq:hash` of the newest line. */
  readonly head: string;
  /** Nothing follows `run.closed`: a receipt that comes after it stays with its message. */
  record(event: RunEvent): Promise<void>;
  /** Drives a generator to its end, each event durable before it goes on. */
  follow<R>(events: AsyncGenerator<StepLike, R>): Promise<R>;
  onEvent(listener: (event: RecordedEvent) => void): void;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** What `runSteps` yields: step names are texts there, and held against the known ones here. */
interface StepLike {
  readonly type: 'step.started' | 'step.done' | 'step.failed' | 'step.undone';
  readonly step: string;
  readonly scope?: string;
}

/**
 * Opens a run's record for writing.
 *
 * @throws RolloutError `unknown-event` (exit 8) before anything is appended; JournalError as `openJournal`
 */
export const openRecorder = async (
  layout: Layout,
  run: string,
  { now, redact }: { now: () => number; redact: (text: string) => string },
): Promise<Recorder> => {
  const { journal: file } = layout.run(run);
  const journal: Journal = await openJournal(file, { now });
  try {
    readEvents(journal.events, file);
  } catch (error) {
    await journal.close();
    throw error;
  }
  return recorderOn(journal, run, redact);
};

const recorderOn = (journal: Journal, run: string, redact: (text: string) => string): Recorder => {
  const listeners: ((event: RecordedEvent) => void)[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;

  const append = (event: StepLike | RunEvent): Promise<void> => {
    const appended = queue.then(async () => {
      if (event.type === 'notification.receipt' && journal.events.at(-1)?.type === 'run.closed')
        return;
      const { type, ...fields } = asJsonObject(event);
      const unknown = unknownIn(type, fields);
      // What a later process could not read again is never written.
      if (unknown !== null) throw new TypeError(`the event ${type} ${unknown}`);
      const line = await journal.append(maskWords({ type, ...fields }, redact));
      const recorded = line as JournalEvent & RecordedEvent;
      for (const listener of listeners) listener(recorded);
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
      // Held against the schemas when it was opened, and line by line since.
      return journal.events as readonly unknown[] as readonly RecordedEvent[];
    },
    get past() {
      return journal.events;
    },
    get head() {
      return journal.head;
    },
    record: append,
    follow: async <R>(events: AsyncGenerator<StepLike, R>): Promise<R> => {
      for (;;) {
        const step = await events.next();
        if (step.done) return step.value;
        try {
          await append(step.value);
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

const asJsonObject = (event: StepLike | RunEvent) =>
  asJson(event) as { type: string; [field: string]: Json };
