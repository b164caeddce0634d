import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from '../config/types.ts';
import type { Isolation } from './isolation.ts';
import { ROOM_AGENT } from './room-agent.ts';

export interface RoomOptions {
  readonly isolation: Isolation;
  /** The whole environment of everything inside; nothing of ours is added. */
  readonly env: Readonly<Record<string, string>>;
  /** The drill's id, as `ROLLOUT_RUN` in `env` says it. */
  readonly id: string;
  /** Folder for what commands print. Absolute. */
  readonly logs: string;
  readonly signal: AbortSignal;
}

/** How a command in a room ended. */
export interface RoomResult {
  readonly exit: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** The last 64 KiB of what it printed. */
  readonly output: string;
  /** Why it could not be started at all. */
  readonly notStarted?: string;
}

/** Where a drilled service runs: what is started in it ends with it, also what made itself a daemon. */
export interface Room {
  run(command: Command, cwd: string, timeoutMs: number): Promise<RoomResult>;
  /** Asks from inside. Only what a health check needs: GET, headers, status and text. */
  readonly fetch: typeof globalThis.fetch;
  /** Ends everything inside; resolves when it is gone. */
  close(): Promise<void>;
}

/** Longest wait for the room to empty itself before its first process is killed, ms. */
const closeMs = 10_000;
/** A question's own time is its asker's matter; this bounds one that nobody waits for any more, ms. */
const askMs = 60_000;

type Answer = { readonly id: number } & Record<string, unknown>;
type Waiting = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
};

export const openRoom = async (options: RoomOptions): Promise<Room> => {
  const { isolation, env, id, logs, signal } = options;
  signal.throwIfAborted();
  const agent = [process.execPath, '--input-type=commonjs', '-e', ROOM_AGENT, id];
  const [program = '', ...args] =
    isolation.kind === 'namespaces' ? [...isolation.prefix, ...agent] : agent;
  // A group of its own: the terminal's Ctrl-C is ours to handle.
  const child = spawn(program, args, { cwd: logs, env, detached: true, stdio: 'pipe' });
  const waiting = new Map<number, Waiting>();
  let said = '';
  let lastId = 0;
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const answerTo = (number: number): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(number, { resolve, reject });
    });
  const ready = answerTo(0);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  child.stdin.on('error', () => undefined); // It ended: 'close' tells.
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failAll(error);
      resolve();
    });
    child.once('close', () => {
      failAll(
        new Error(`the drill's room ended by itself${said === '' ? '' : `: ${said.trim()}`}`),
      );
      resolve();
    });
  });
  const onAbort = () => failAll(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });

  const request = (fields: Record<string, unknown>): Promise<Answer> => {
    signal.throwIfAborted();
    lastId += 1;
    child.stdin.write(`${JSON.stringify({ id: lastId, ...fields })}\n`);
    return answerTo(lastId);
  };
  const close = async () => {
    signal.removeEventListener('abort', onAbort);
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), closeMs);
    await gone;
    clearTimeout(timer);
  };
  try {
    await ready;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    run: async (command, cwd, timeoutMs) => {
      const log = join(logs, `command-${lastId + 1}.log`);
      const { id: _, ...ended } = await request({ kind: 'run', command, cwd, timeoutMs, log });
      return ended as unknown as RoomResult;
    },
    fetch: async (input, init) => {
      const asked = new Request(input, init);
      const headers = Object.fromEntries(asked.headers);
      const answer = request({ kind: 'ask', url: asked.url, headers, timeoutMs: askMs });
      const aborted = new Promise<never>((_, reject) => {
        asked.signal.addEventListener('abort', () => reject(asked.signal.reason), { once: true });
      });
      const { status, body, failed, code } = await Promise.race([answer, aborted]);
      if (typeof status === 'number') return new Response(String(body), { status });
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error(String(failed)), code === null ? {} : { code }),
      });
    },
    close,
  };
};
