import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@dhash/basics/message-of';
import { BackupError, systemCode } from '../errors.ts';
import type { CommandLine } from '../types.ts';

/** From TERM to KILL, ms. */
const GRACE_MS = 5000;
const TAIL_CHARS = 64 * 1024;
const SHOWN_CHARS = 2000;

export interface ProcessRequest {
  /** What the error calls it. */
  readonly what: string;
  readonly command: CommandLine;
  /** Where it runs. Default: where this process does. */
  readonly cwd?: string | undefined;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: AsyncIterable<Buffer | string>;
  /** Gets standard output as it comes; awaited before more is read. */
  readonly onOutput?: (part: Buffer) => Promise<void> | void;
  /** Longest run, ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const killGroup = (pid: number | undefined, name: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // ESRCH: the group is gone. EPERM (macOS): only zombies are left of it.
    if (!['ESRCH', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
  }
};

/**
 * Hands the input on, each part taken by the system before the next is asked for: parts are only lent, and what a
 * stream keeps to write later would be overwritten by then. A program that ends before it read all says why by its
 * exit code.
 */
const feed = async (stdin: Writable, input: ProcessRequest['input']): Promise<void> => {
  let isClosed = false;
  // Told to each write too; without a listener it would end this process.
  stdin.on('error', () => {
    isClosed = true;
  });
  for await (const part of input ?? []) {
    if (isClosed) break;
    await new Promise<void>((resolve) => stdin.write(part, () => resolve()));
  }
  // Not where the input broke off: that must not look like its end.
  stdin.end();
};

/**
 * Runs a program to its end, in a process group of its own that goes with it on a timeout or an abort. Returns the
 * bytes that it wrote.
 *
 * @throws BackupError `command-failed`: not there, a non-zero exit, a signal, too slow; with its last words
 * @throws the signal's reason where it was aborted
 */
export const runProcess = async (request: ProcessRequest): Promise<number> => {
  const { what, command, cwd, env, signal, timeoutMs } = request;
  signal?.throwIfAborted();
  const [program = '', ...args] = typeof command === 'string' ? [command] : command;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    shell: typeof command === 'string',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise<{ code: number | null; by: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) => resolve({ code, by }));
  });
  exited.catch(() => undefined);

  let ended: string | null = null;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (why: string) => {
    ended ??= why;
    killGroup(child.pid, 'SIGTERM');
    killTimer ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  const onAbort = () => end('it was aborted');
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = timeoutMs && setTimeout(() => end(`it took more than ${timeoutMs} ms`), timeoutMs);

  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL_CHARS);
  });
  let bytes = 0;
  const output = pipeline(
    child.stdout,
    new Writable({
      write: (part: Buffer, _encoding, done) => {
        bytes += part.length;
        Promise.resolve(request.onOutput?.(part)).then(() => done(), done);
      },
    }),
  ).catch((error: unknown) => {
    end(`its output could not be taken: ${messageOf(error)}`);
    throw error;
  });
  let unreadable: { readonly cause: unknown } | null = null;
  const fed = feed(child.stdin, request.input).catch((cause: unknown) => {
    unreadable = { cause };
    end(`its input could not be read: ${messageOf(cause)}`);
  });
  const failed = (why: string, cause?: unknown) => {
    const words = tail.trim().slice(-SHOWN_CHARS);
    return new BackupError('command-failed', `${what}: ${why}${words && `: ${words}`}`, { cause });
  };
  try {
    const [exit, wrote] = await Promise.allSettled([exited, output]);
    // Of one that failed, the input may wait for what will never come.
    if (exit.status === 'fulfilled' && exit.value.code === 0) await fed;
    signal?.throwIfAborted();
    if (exit.status === 'rejected')
      throw failed(
        systemCode(exit.reason) === 'ENOENT'
          ? `${program} is not installed, or not on PATH`
          : messageOf(exit.reason),
        exit.reason,
      );
    const lost = unreadable as { readonly cause: unknown } | null;
    if (lost !== null) throw lost.cause;
    if (wrote.status === 'rejected') throw wrote.reason;
    if (ended !== null) throw failed(ended);
    const { by, code } = exit.value;
    if (by !== null) throw failed(`it was ended by ${by}`);
    if (code !== 0) throw failed(`it exited with ${code}`);
    return bytes;
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    signal?.removeEventListener('abort', onAbort);
  }
};
