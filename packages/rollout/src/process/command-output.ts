import { closeSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Most of a command's output that is kept: its end, in UTF-16 code units. */
export const outputTailLength = 65_536;

/** Between two looks at what a command has written, ms. */
const lookMs = 50;

export interface OutputTail {
  /** Standard output and error, in the order in which they were seen. */
  readonly output: string;
  /** Standard output alone. */
  readonly stdout: string;
}

/** Where a command writes, and what of it was seen so far. */
export interface CommandOutput {
  readonly stdoutFd: number;
  readonly stderrFd: number;
  /** All that has been written up to now, cut to its tail. */
  read(): OutputTail;
  close(): void;
}

const tailed = (kept: string, more: string): string => (kept + more).slice(-outputTailLength);

/**
 * Files without a name instead of pipes. A daemon that a start command leaves behind inherits them
 * and goes on writing: with a pipe it would die of SIGPIPE when our process ends. What it writes
 * there after that is lost and takes disk space until it ends, so a daemon should have its own log.
 */
export const openOutput = async (onOutput?: (text: string) => void): Promise<CommandOutput> => {
  const folder = await mkdtemp(join(tmpdir(), 'rollout-output-'));
  const files = (['stdout', 'stderr'] as const).map((name) => ({
    name,
    fd: openSync(join(folder, name), 'ax+', 0o600),
    decoder: new StringDecoder('utf8'),
    seenBytes: 0,
  }));
  await rm(folder, { recursive: true });

  const tail = { output: '', stdout: '' };
  const buffer = Buffer.alloc(65_536);
  const look = () => {
    for (const file of files) {
      for (;;) {
        const bytes = readSync(file.fd, buffer, 0, buffer.length, file.seenBytes);
        if (bytes === 0) break;
        file.seenBytes += bytes;
        const text = file.decoder.write(buffer.subarray(0, bytes));
        tail.output = tailed(tail.output, text);
        if (file.name === 'stdout') tail.stdout = tailed(tail.stdout, text);
        onOutput?.(text);
      }
    }
    return tail;
  };
  const timer = setInterval(look, lookMs);
  const [stdout, stderr] = files as [(typeof files)[number], (typeof files)[number]];
  return {
    stdoutFd: stdout.fd,
    stderrFd: stderr.fd,
    read: () => ({ ...look() }),
    close: () => {
      clearInterval(timer);
      look();
      for (const { fd } of files) closeSync(fd);
    },
  };
};
