import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../src/process/clock.ts';
import type { Random } from './random.ts';

/** When a process is killed: at its nth call of the kernel, or at its nth line of a journal. */
export type Doom =
  | { readonly at: 'call'; readonly count: number }
  | { readonly at: 'line'; readonly count: number; readonly how: 'before' | 'torn' | 'after' };

/** A command under way. It runs in this real process, and knows nothing of that. */
export interface SimProcess {
  readonly pid: number;
  readonly name: string;
  readonly random: Random;
  readonly doom: Doom | null;
  /** `running` until it ended or was killed. */
  state: 'running' | 'ended' | 'killed';
  calls: number;
  lines: number;
  /** Of the real process; closed when this one is gone. */
  readonly openFiles: Set<number>;
}

interface Ready {
  readonly process: SimProcess;
  readonly run: () => Promise<void>;
}

interface Sleeper {
  readonly dueMs: number;
  readonly order: number;
  /** `null`: the world's own. */
  readonly process: SimProcess | null;
  readonly wake: () => void;
}

/**
 * Runs commands as if each were a process of its own, on one clock that only moves when all of them wait. Whatever a
 * command asks of the machine comes here as a call; calls are made one at a time, in an order that the seed decides.
 */
export interface Kernel {
  readonly bootId: () => string;
  /** Ms that nobody sets. */
  monotonicMs(): number;
  wallMs(): number;
  /** Sets the wall clock; no time passes. */
  stepWall(ms: number): void;
  readonly clock: Clock & { monotonicMs(): number };
  spawn(name: string, options: { doom: Doom | null }, main: () => Promise<void>): SimProcess;
  kill(process: SimProcess): void;
  isAlive(pid: number): boolean;
  /** Makes a call for the process that asks; a process that is gone never hears of it again. */
  call<T>(act: () => T | Promise<T>): Promise<T>;
  /** Does something as that process would. */
  inside(process: SimProcess, act: () => void): void;
  /** The world does something at that time. */
  at(monotonicMs: number, act: () => void): void;
  /** Kills all, and boots anew. */
  reboot(): void;
  /** Until every process has ended or is gone. */
  run(): Promise<void>;
}

export interface KernelOptions {
  readonly random: Random;
  readonly startMs: number;
  readonly onKilled: (process: SimProcess) => void;
  /** Time went on. */
  readonly onTime: (nowMs: number) => void;
}

const running = new AsyncLocalStorage<{ kernel: Kernel; process: SimProcess }>();

/** The kernel and the process that the code that asks runs in; `undefined`: none, this is the test itself. */
export const here = () => running.getStore();

/** Beyond every pid that a Linux has: a signal to one that is gone finds nobody. */
const firstPid = 5_000_001;

/** Turns of the event loop without a call, after which nobody can be working any more. */
const idleTurns = 50;

export const openKernel = ({ random, startMs, onKilled, onTime }: KernelOptions): Kernel => {
  let nowMs = startMs;
  let aheadMs = 0;
  let boots = 0;
  let order = 0;
  const processes = new Map<number, SimProcess>();
  let ready: Ready[] = [];
  const sleepers = new Set<Sleeper>();

  const never = <T>() => new Promise<T>(() => undefined);

  const kill = (process: SimProcess): void => {
    if (process.state !== 'running') return;
    process.state = 'killed';
    ready = ready.filter((one) => one.process !== process);
    for (const sleeper of sleepers) if (sleeper.process === process) sleepers.delete(sleeper);
    onKilled(process);
  };

  const call = <T>(act: () => T | Promise<T>): Promise<T> => {
    const process = here()?.process;
    if (process === undefined) throw new TypeError('a call from outside of every process');
    if (process.state === 'killed') return never();
    process.calls += 1;
    if (process.doom?.at === 'call' && process.calls >= process.doom.count) {
      kill(process);
      return never();
    }
    return new Promise((resolve, reject) => {
      // A call may be the last that its process makes: then nobody hears of its end.
      const run = async () => {
        try {
          const result = await running.exit(act);
          if (process.state === 'running') resolve(result);
        } catch (error) {
          if (process.state === 'running') reject(error);
        }
      };
      ready.push({ process, run });
    });
  };

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    const process = here()?.process ?? null;
    if (process?.state === 'killed') return never();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      order += 1;
      const sleeper: Sleeper = {
        dueMs: nowMs + Math.max(0, ms),
        order,
        process,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      sleepers.add(sleeper);
    });
  };

  const wakeEarliest = (): boolean => {
    let earliest: Sleeper | undefined;
    for (const one of sleepers)
      if (
        earliest === undefined ||
        one.dueMs < earliest.dueMs ||
        (one.dueMs === earliest.dueMs && one.order < earliest.order)
      )
        earliest = one;
    if (earliest === undefined) return false;
    sleepers.delete(earliest);
    nowMs = Math.max(nowMs, earliest.dueMs);
    onTime(nowMs);
    earliest.wake();
    return true;
  };

  /** A command that has not asked for anything yet loads its code. */
  const isLoading = () =>
    [...processes.values()].some(({ state, calls }) => state === 'running' && calls === 0);

  const isBusy = () => [...processes.values()].some(({ state }) => state === 'running');

  const kernel: Kernel = {
    bootId: () => `00000000-0000-4000-8000-${String(boots).padStart(12, '0')}`,
    monotonicMs: () => nowMs,
    wallMs: () => nowMs + aheadMs,
    stepWall: (ms) => {
      aheadMs += ms;
    },
    clock: { now: () => nowMs + aheadMs, monotonicMs: () => nowMs, sleep },
    spawn: (name, { doom }, main) => {
      const process: SimProcess = {
        pid: firstPid + processes.size,
        name,
        random: random.fork(),
        doom,
        state: 'running',
        calls: 0,
        lines: 0,
        openFiles: new Set(),
      };
      processes.set(process.pid, process);
      running.run({ kernel, process }, () => {
        void main().then(() => {
          if (process.state === 'running') process.state = 'ended';
        });
      });
      return process;
    },
    kill,
    isAlive: (pid) => processes.get(pid)?.state === 'running',
    call,
    inside: (process, act) => running.run({ kernel, process }, act),
    at: (dueMs, act) => {
      order += 1;
      sleepers.add({ dueMs, order, process: null, wake: act });
    },
    reboot: () => {
      for (const process of processes.values()) kill(process);
      boots += 1;
    },
    run: async () => {
      for (let idle = 0; isBusy(); ) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!isBusy()) return;
        // The real loader of modules takes its time, of which the world knows nothing.
        if (isLoading()) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          continue;
        }
        if (ready.length > 0) {
          const [next] = ready.splice(
            ready.length === 1 ? 0 : random.between(0, ready.length - 1),
            1,
          );
          idle = 0;
          await next?.run();
        } else if (wakeEarliest()) idle = 0;
        else if (isBusy()) {
          idle += 1;
          if (idle > idleTurns) throw new Error('a process waits for something that never comes');
        }
      }
    },
  };
  return kernel;
};
