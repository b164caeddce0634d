import { setTimeout as delay } from 'node:timers/promises';

/** Where a program tells people things, and never waits for one. */
export interface DroppingOutput {
  /** Takes the text whole, or drops it whole where more waits already than fits; false: dropped. Never blocks and never throws. */
  write(text: string): boolean;
  /** Whether something waits: what is drawn over and over is better drawn later. */
  isBusy(): boolean;
  /** Texts that were dropped so far. */
  dropped(): number;
  /** Waits until what was taken is out, at most `withinMs`; then nothing more is written. */
  end(withinMs: number): Promise<'written' | 'given up'>;
}

/** Writes some of the bytes now and says how many; `full` where none go now, `gone` where none ever will. */
export type WriteSome = (bytes: Buffer) => number | 'full' | 'gone';

/** What may wait for a reader, bytes; an hour of lines is less. */
const mostWaitingBytes = 1024 * 1024;
/** Between two tries to go on. */
const retryMs = 50;

/** An output over `writeSome`; `openDroppingOutput` opens one of the process. */
export const droppingOutput = (
  writeSome: WriteSome,
  { mostBytes = mostWaitingBytes }: { readonly mostBytes?: number } = {},
): DroppingOutput => {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let state: 'open' | 'gone' | 'ended' = 'open';
  let timer: NodeJS.Timeout | null = null;

  const flush = () => {
    timer = null;
    while (state === 'open' && waiting.length > 0) {
      const [first = Buffer.alloc(0)] = waiting;
      const written = writeSome(first);
      if (written === 'gone') {
        state = 'gone';
        waiting = [];
        waitingBytes = 0;
        return;
      }
      if (written === 'full') {
        timer = setTimeout(flush, retryMs);
        // A reader that never comes must not hold a process that is done.
        timer.unref();
        return;
      }
      waitingBytes -= written;
      if (written < first.length) waiting[0] = first.subarray(written);
      else waiting.shift();
    }
  };
  return {
    write: (text) => {
      const bytes = Buffer.from(text, 'utf8');
      // One text of any length is taken where nothing waits: a frame larger than the bound would else never show.
      if (state !== 'open' || (waitingBytes > 0 && waitingBytes + bytes.length > mostBytes)) {
        dropped += 1;
        return false;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (timer === null) flush();
      return true;
    },
    isBusy: () => waitingBytes > 0,
    dropped: () => dropped,
    end: async (withinMs) => {
      const endsAtMs = performance.now() + withinMs;
      while (waitingBytes > 0 && performance.now() < endsAtMs)
        await delay(Math.min(retryMs, withinMs));
      const outcome = waitingBytes === 0 ? 'written' : 'given up';
      state = 'ended';
      if (timer !== null) clearTimeout(timer);
      waiting = [];
      waitingBytes = 0;
      return outcome;
    },
  };
};
