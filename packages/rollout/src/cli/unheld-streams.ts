import { openDroppingOutput } from '@dhash/monitor';
import type { Streams } from '../words/output.ts';

/** What is still written when a command is over waits this long for its reader. */
const lastWordsMs = 10_000;

/** Commands that guard a service: nobody who stopped reading, by Ctrl-S or a hung connection, may hold them up. */
const guarding = new Set(['deploy', 'monitor', 'rollback']);

export interface OwnStreams extends Streams {
  /** Waits for readers where that holds nothing up any more. */
  end(): Promise<void>;
}

/**
 * The process's outputs. A listing waits for its reader, and loses no line; a guard does not wait, and drops what nobody
 * reads beyond a mebibyte.
 */
export const streamsFor = (command: string | undefined): OwnStreams => {
  const { stdout, stderr } = process;
  if (command === undefined || !guarding.has(command))
    return { stdout, stderr, end: async () => undefined };
  const opened = { stdout: openDroppingOutput(1), stderr: openDroppingOutput(2) };
  const unheld = (name: 'stdout' | 'stderr'): Streams['stdout'] => ({
    write: (text) => opened[name].write(text),
    isTTY: process[name].isTTY,
    // Read anew each time: a terminal changes its size.
    get columns() {
      return process[name].columns;
    },
    get rows() {
      return process[name].rows;
    },
  });
  return {
    stdout: unheld('stdout'),
    stderr: unheld('stderr'),
    end: async () => {
      await Promise.all([opened.stdout.end(lastWordsMs), opened.stderr.end(lastWordsMs)]);
    },
  };
};
