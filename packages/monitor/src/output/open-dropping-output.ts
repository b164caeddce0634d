import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { type DroppingOutput, droppingOutput, type WriteSome } from './dropping-output.ts';

/** A way to write that never waits, and what ends it. */
type Unblocked = { readonly writeSome: WriteSome; close(): void };

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const intoFile = (fd: number): WriteSome => {
  return (bytes) => {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      // EIO: the terminal was closed; EPIPE: the reader is gone. Neither is a reason to stop a watch.
      return codeOf(error) === 'EAGAIN' ? 'full' : 'gone';
    }
  };
};

/**
 * A terminal or a pipe, opened a second time: the flag is one of that opening, and the shell that shares `fd` keeps its
 * own. `null` where it can't be: not on Linux, or a terminal of another user.
 */
const reopened = (fd: number): Unblocked | null => {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  try {
    const own = openSync(`/proc/self/fd/${fd}`, flags);
    return { writeSome: intoFile(own), close: () => closeSync(own) };
  } catch {
    return null;
  }
};

/** A socket, as a service manager or another program gives: it can't be opened again, and Node writes to it without waiting. */
const overSocket = (fd: number): Unblocked => {
  const socket = new Socket({ fd, readable: false, writable: true });
  let isGone = false;
  socket.on('error', () => {
    isGone = true;
  });
  socket.unref();
  return {
    writeSome: (bytes) => {
      if (isGone) return 'gone';
      if (socket.writableLength > 0) return 'full';
      socket.write(bytes);
      return bytes.length;
    },
    // What still waits for its reader would hold the process; with nothing waiting others may go on writing here.
    close: () => {
      if (socket.writableLength > 0) socket.destroy();
    },
  };
};

const unblocked = (fd: number): Unblocked => {
  const kind = fstatSync(fd);
  const own = kind.isSocket()
    ? overSocket(fd)
    : kind.isCharacterDevice() || kind.isFIFO()
      ? reopened(fd)
      : null;
  // A file takes what it is given; what can't be opened again is written to as programs always did.
  return own ?? { writeSome: intoFile(fd), close: () => undefined };
};

/**
 * Standard output or error that never holds the program up. A terminal that nobody reads (Ctrl-S, a paused pager, a hung
 * connection) holds its writer in Node; here what can't go out waits, up to a mebibyte, and is dropped beyond that.
 */
export const openDroppingOutput = (fd: 1 | 2): DroppingOutput => {
  const { writeSome, close } = unblocked(fd);
  const output = droppingOutput(writeSome);
  return {
    ...output,
    end: async (withinMs) => {
      const outcome = await output.end(withinMs);
      close();
      return outcome;
    },
  };
};
