import { closeSync, fstatSync, readSync, unlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Holder, whoHolds } from './open-files.ts';
import { type OpenedOutput, type OutputPlace, openOutputPlace } from './output-place.ts';

/** Most of a command's output that is kept: its end, in UTF-16 code units. */
export const outputTailLength = 65_536;

/** Between two looks at what a command has written, ms. */
const lookMs = 50;

/** Silence of a pipe after which nothing that the command wrote is left in it, ms. */
const silentMs = 100;

export interface OutputTail {
  /** Standard output and error, in the order in which they were seen. */
  readonly output: string;
  /** Standard output alone; with a named file, both. */
  readonly stdout: string;
}

/** What became of a command's output. */
export interface OutputFate {
  /** The file that a process left behind goes on writing to; `null`: nobody does, and there is none. */
  readonly file: string | null;
  /** Who writes to it; empty also where this system can't tell. */
  readonly heldBy: readonly Holder[];
  /** Why nothing of it was kept; `null`: it was. */
  readonly notKept: string | null;
}

/** Where a command writes, and what of it was seen so far. */
export interface CommandOutput {
  readonly stdio: readonly ['ignore', number | 'pipe' | 'ignore', number | 'pipe' | 'ignore'];
  /** Reads the pipes of the command, where it writes to any. */
  attach(stdout: Readable | null, stderr: Readable | null): void;
  /** All that has been written up to now, cut to its tail. */
  read(): OutputTail;
  /** After the command has ended; a file that nobody writes to is removed. Safe to call twice. */
  close(): Promise<OutputFate>;
}

const tailed = (kept: string, more: string): string => (kept + more).slice(-outputTailLength);

interface Told {
  tell(text: string, isStdout: boolean): void;
  readonly tail: OutputTail;
}

const collector = (onOutput: ((text: string) => void) | undefined): Told => {
  const tail = { output: '', stdout: '' };
  return {
    tail,
    tell: (text, isStdout) => {
      if (text === '') return;
      tail.output = tailed(tail.output, text);
      if (isStdout) tail.stdout = tailed(tail.stdout, text);
      onOutput?.(text);
    },
  };
};

type InFile = Extract<OpenedOutput, { kind: 'file' | 'nameless' }>;

/** Files instead of pipes: a daemon that is left behind would die of SIGPIPE when our process ends. */
const inFile = (opened: InFile, { tail, tell }: Told): CommandOutput => {
  const buffer = Buffer.alloc(65_536);
  const files = opened.fds.map((fd) => ({ fd, decoder: new StringDecoder('utf8'), seenBytes: 0 }));
  const look = () => {
    for (const [index, file] of files.entries()) {
      for (;;) {
        const bytes = readSync(file.fd, buffer, 0, buffer.length, file.seenBytes);
        if (bytes === 0) break;
        file.seenBytes += bytes;
        tell(file.decoder.write(buffer.subarray(0, bytes)), index === 0);
      }
    }
    return { ...tail };
  };
  const timer = setInterval(look, lookMs);
  let isClosed = false;
  const [stdout = 0, stderr = stdout] = opened.fds;
  return {
    stdio: ['ignore', stdout, stderr],
    attach: () => undefined,
    read: () => (isClosed ? { ...tail } : look()),
    close: async () => {
      clearInterval(timer);
      look();
      isClosed = true;
      try {
        return opened.kind === 'file' ? await keepWhereHeld(opened.file, stdout) : nothingLeft;
      } finally {
        for (const { fd } of files) closeSync(fd);
      }
    },
  };
};

const nothingLeft: OutputFate = { file: null, heldBy: [], notKept: null };

/** Where it can't be told who writes to a file that holds something, it stays. Nothing of this fails a command. */
const keepWhereHeld = async (file: string, fd: number): Promise<OutputFate> => {
  try {
    const { looked, holders } = await whoHolds({ files: [file], folders: [] });
    if (holders.length > 0 || (!looked && fstatSync(fd).size > 0))
      return { file, heldBy: holders, notKept: null };
    unlinkSync(file);
    return nothingLeft;
  } catch {
    // It stays where it is, as its name tells; the logs are tended at the next command.
    return { file, heldBy: [], notKept: null };
  }
};

/** What was written before the command ended is still to be read; who lives on is not waited for. */
const drained = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const wait = () => {
      clearTimeout(timer);
      // Once more round the event loop: what has come meanwhile is read before that.
      timer = setTimeout(() => setImmediate(end), silentMs);
    };
    const end = () => {
      clearTimeout(timer);
      stream.off('data', wait).off('end', end);
      stream.destroy();
      resolve();
    };
    if (stream.readableEnded || stream.destroyed) return resolve();
    stream.on('data', wait).once('end', end);
    wait();
  });

const inPipe = ({ tail, tell }: Told): CommandOutput => {
  const streams: Readable[] = [];
  return {
    stdio: ['ignore', 'pipe', 'pipe'],
    attach: (...given) => {
      for (const [index, stream] of given.entries()) {
        if (stream === null) continue;
        streams.push(stream);
        stream.setEncoding('utf8').on('data', (text: string) => tell(text, index === 0));
      }
    },
    read: () => ({ ...tail }),
    close: async () => {
      await Promise.all(streams.map(drained));
      return nothingLeft;
    },
  };
};

const nowhere = (why: string, { tail }: Told): CommandOutput => ({
  stdio: ['ignore', 'ignore', 'ignore'],
  attach: () => undefined,
  read: () => ({ ...tail }),
  close: async () => ({ ...nothingLeft, notKept: why }),
});

export interface OutputRequest {
  /** Where it goes by name; `null`: to a file without one, which is gone with the command. */
  readonly place: OutputPlace | null;
  /** True where the command leaves a process behind that goes on writing. */
  readonly isLeftBehind: boolean;
  readonly onOutput?: ((text: string) => void) | undefined;
}

const outputOf = ({ place, isLeftBehind, onOutput }: OutputRequest): CommandOutput => {
  const told = collector(onOutput);
  const opened = openOutputPlace(place, { isLeftBehind });
  switch (opened.kind) {
    case 'pipe':
      return inPipe(told);
    case 'nowhere':
      return nowhere(opened.why, told);
    default:
      return inFile(opened, told);
  }
};

/** Opens what a command writes to. Never fails for want of room: see {@link openOutputPlace}. */
export const openOutput = (request: OutputRequest): CommandOutput => {
  const output = outputOf(request);
  let closed: Promise<OutputFate> | undefined;
  return {
    ...output,
    close: () => {
      closed ??= output.close();
      return closed;
    },
  };
};
