import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RecordedEvent } from '../../src/record/events.ts';
import type { Fact, Flaw, Known } from './facts.ts';
import { here, type Kernel, openKernel } from './kernel.ts';
import { watchDisk } from './machine.ts';
import type { Random } from './random.ts';

/** How a release behaves once it was started. */
export type Behaviour =
  | { readonly kind: 'healthy' }
  /** Never answers OK. */
  | { readonly kind: 'sick' }
  /** Answers OK, and fails the requests of its users from then on, ms after its start. */
  | { readonly kind: 'failing'; readonly afterMs: number }
  | { readonly kind: 'flapping'; readonly everyMs: number }
  /** Ends by itself, ms after its start. */
  | { readonly kind: 'dies'; readonly afterMs: number }
  | { readonly kind: 'slow'; readonly ms: number };

/** What may go wrong with what the service's own commands do, each the next time only. */
export interface Mishaps {
  stopFails: boolean;
  /** `stop` says that it is done, and the service runs on. */
  stopLies: boolean;
  startFails: boolean;
  /** The switch is lost: what was active before is active again. */
  activateLost: boolean;
}

/** A service, its releases, its data and its disk. */
export interface World {
  readonly kernel: Kernel;
  readonly root: string;
  readonly random: Random;
  readonly facts: Known[];
  readonly behaviours: Map<string, Behaviour>;
  readonly mishaps: Mishaps;
  active: string | null;
  running: { readonly version: string; readonly sinceMs: number } | null;
  /** The disk takes nothing more until then, monotonic ms. */
  fullUntilMs: number;
  /** When it began to be full, each time; monotonic ms. */
  readonly fullFrom: number[];
  /** Everything that users ever wrote, by the name of its file. */
  readonly written: Set<string>;
  /** Counters of the service's metrics. */
  readonly counters: { requests: number; failures: number };
  /** SHA-256 of each backup that is not what it seems, and why. */
  readonly flaws: Map<string, Flaw>;
  note(fact: Fact, pid?: number): void;
  dataFolder(): string;
  isFull(): boolean;
  /** What is wrong with that backup; `null`: nothing. */
  flawOf(file: string): Flaw | null;
  lockHolder(): number | null;
}

const worlds = new WeakMap<Kernel, World>();

/** The world that the code that asks runs in. */
export const worldHere = (): World | undefined => {
  const inside = here();
  return inside === undefined ? undefined : worlds.get(inside.kernel);
};

/** Users write that often, ms, where something serves them. */
const writeEveryMs = 4_000;
/** More than a handful of files says nothing new, and costs time in each backup. */
const mostWrites = 10;

export const startMs = Date.UTC(2026, 10, 24, 10, 0, 0);

export const sha256Of = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');

export const openWorld = (root: string, random: Random): World => {
  let nextWriteMs = startMs + writeEveryMs;

  const serveUsers = (nowMs: number): void => {
    const { running, written, counters } = world;
    if (running === null || nowMs < nextWriteMs) return;
    nextWriteMs = nowMs + writeEveryMs;
    counters.requests += 100;
    if (isFailing(world)) counters.failures += 60;
    const folder = world.dataFolder();
    if (written.size >= mostWrites || !existsSync(folder) || world.isFull()) return;
    const name = `note-${String(written.size).padStart(3, '0')}.txt`;
    writeFileSync(join(folder, name), `written by ${running.version}\n`);
    written.add(name);
  };

  const onTime = (nowMs: number): void => {
    const { running } = world;
    const behaviour = running === null ? undefined : world.behaviours.get(running.version);
    if (
      running !== null &&
      behaviour?.kind === 'dies' &&
      nowMs - running.sinceMs >= behaviour.afterMs
    ) {
      world.running = null;
      world.note({ kind: 'happened', what: `release ${running.version} ended by itself` }, 0);
    }
    serveUsers(nowMs);
  };

  const kernel = openKernel({
    random: random.fork(),
    startMs,
    onTime,
    onKilled: (process) => {
      for (const fd of process.openFiles) closeSync(fd);
      process.openFiles.clear();
      world.note({ kind: 'killed' }, process.pid);
    },
  });

  const world: World = {
    kernel,
    root,
    random: random.fork(),
    facts: [],
    behaviours: new Map(),
    mishaps: { stopFails: false, stopLies: false, startFails: false, activateLost: false },
    active: null,
    running: null,
    fullUntilMs: 0,
    fullFrom: [],
    written: new Set(),
    counters: { requests: 0, failures: 0 },
    flaws: new Map(),
    note: (fact, pid = here()?.process.pid ?? 0) => {
      world.facts.push({
        ...fact,
        index: world.facts.length,
        atMs: kernel.monotonicMs(),
        pid,
        active: 'active' in fact ? fact.active : world.active,
        running: world.running?.version ?? null,
      } as Known);
    },
    dataFolder: () => join(root, 'data', 'files'),
    isFull: () => kernel.monotonicMs() < world.fullUntilMs,
    flawOf: (file) => (existsSync(file) ? (world.flaws.get(sha256Of(file)) ?? null) : null),
    lockHolder: () => {
      const file = join(root, 'rollouts', 'lock-production.json');
      return existsSync(file)
        ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid
        : null;
    },
  };
  worlds.set(kernel, world);
  watchDisk(kernel, {
    isFull: world.isFull,
    onLine: (process, path, line) => {
      const run = path.split('/').at(-2) ?? '';
      const event = JSON.parse(line) as RecordedEvent;
      world.note({ kind: 'recorded', run, event }, process.pid);
    },
  });
  return world;
};

/** Whether the running release fails its users now. */
const isFailing = ({ running, behaviours, kernel }: World): boolean => {
  if (running === null) return false;
  const behaviour = behaviours.get(running.version) ?? { kind: 'healthy' };
  const ageMs = kernel.monotonicMs() - running.sinceMs;
  return behaviour.kind === 'failing' && ageMs >= behaviour.afterMs;
};

/** Whether the running release answers its health check with OK now. */
export const answersOk = ({ running, behaviours, kernel }: World): boolean => {
  if (running === null) return false;
  const behaviour = behaviours.get(running.version) ?? { kind: 'healthy' };
  if (behaviour.kind === 'sick') return false;
  if (behaviour.kind !== 'flapping') return true;
  const ageMs = kernel.monotonicMs() - running.sinceMs;
  return Math.floor(ageMs / behaviour.everyMs) % 2 === 0;
};

/** What `init` makes: nobody's writes yet. */
export const makeData = (world: World): void => {
  mkdirSync(world.dataFolder(), { recursive: true });
  for (const name of ['first.txt', 'second.txt'])
    writeFileSync(join(world.dataFolder(), name), `as it was\n`);
};

/** Users' data as there was before anything was deployed. */
export const makeUsersData = (world: World): void => {
  makeData(world);
  for (const name of readdirSync(world.dataFolder())) world.written.add(name);
};
