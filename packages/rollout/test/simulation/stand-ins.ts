import type * as backupCore from '@dhash/backup-core';
import type * as notifier from '@dhash/notifier';
import { here } from './kernel.ts';
import { buildMachine } from './machine.ts';
import { type World, worldHere } from './world.ts';

// Before the code under test takes Node's functions for its own.
buildMachine();

/** Functions of backup-core that read or write files: each is one call of the kernel, done whole by the real code. */
const wholeCalls = [
  'applyPrune',
  'canPutBack',
  'compareData',
  'createBackup',
  'discardWork',
  'estimateBackup',
  'listBackups',
  'proveRestored',
  'putAsideSources',
  'readCopies',
  'readManifest',
  'readProof',
  'readSidecar',
  'recordCopy',
  'recordSummary',
  'stageRestore',
  'surveyBackups',
  'swapBack',
  'swapIn',
  'verifyBackup',
] as const satisfies readonly (keyof typeof backupCore)[];

/** What a BackupError is told by, of whatever copy of the package. */
const noRoom = { name: 'BackupError', brand: '@dhash/backup-core/error', code: 'no-space' };

/** Those that need room. */
const needRoom: readonly string[] = ['createBackup', 'recordSummary', 'stageRestore'];

const before = (world: World, pid: number, name: string, args: readonly unknown[]): void => {
  if (needRoom.includes(name) && world.isFull())
    throw Object.assign(new Error(`${name}: there is no room on the disk`), noRoom);
  const [first] = args;
  if (name === 'stageRestore' && typeof first === 'string')
    world.note(
      { kind: 'staged', backup: first.slice(world.root.length + 1), flaw: world.flawOf(first) },
      pid,
    );
  if (name === 'swapIn' || name === 'swapBack') {
    const on = name === 'swapIn' ? 'swap' : 'swap back';
    world.note({ kind: 'hand', on, release: null, holder: world.lockHolder() }, pid);
  }
};

type Whole = (...args: unknown[]) => Promise<unknown>;

/** backup-core as it is, each of its calls whole: what is within them is proved in its own package. */
export const backupCoreStandIn = (real: typeof backupCore): typeof backupCore => {
  const wrapped: Record<string, unknown> = { ...real };
  for (const name of wholeCalls) {
    const act = real[name] as unknown as Whole;
    wrapped[name] = (...args: unknown[]) => {
      const inside = here();
      const world = worldHere();
      if (inside === undefined || world === undefined) return act(...args);
      return inside.kernel.call(async () => {
        before(world, inside.process.pid, name, args);
        return act(...args);
      });
    };
  }
  return wrapped as typeof backupCore;
};

/** Messages arrive at once, and are facts. */
export const notifierStandIn = (real: typeof notifier): typeof notifier => ({
  ...real,
  createNotifier: (options) => {
    const world = worldHere();
    if (world === undefined) return real.createNotifier(options);
    const none = { receipts: [], problem: null };
    return {
      send: async (message: notifier.Message) => {
        await here()?.kernel.call(() => undefined);
        world.note({ kind: 'paged', event: message.event ?? '' });
        return [];
      },
      flush: async () => none,
      repeating: async () => [],
      acknowledge: async () => null,
    } as unknown as notifier.Notifier;
  },
});

/** Pages are for people; they are tested where they are made. */
export const pagesStandIn: typeof import('../../src/pages/write-run-pages.ts') = {
  kindsWithPage: [],
  readRunPage: async () => null,
  writeRunPages: async () => true,
  leavePages: async () => undefined,
};
