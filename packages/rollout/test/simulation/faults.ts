import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type * as backupCore from '@dhash/backup-core';
import type * as monitor from '@dhash/monitor';
import type * as rollbackCore from '@dhash/rollback';
import type * as lock from '../../src/environment/lock.ts';
import type * as serviceNow from '../../src/environment/service-now.ts';
import type * as act from '../../src/guard/act.ts';
import type * as watchWindow from '../../src/guard/watch-window.ts';
import type * as inbox from '../../src/record/inbox.ts';
import type * as drift from '../../src/takeover/drift.ts';
import { sha256Of } from './world.ts';

/** The modules that a fault may be planted in, by the name that the test mocks them with. */
interface Modules {
  readonly 'backup-core': typeof backupCore;
  readonly monitor: typeof monitor;
  readonly rollback: typeof rollbackCore;
  readonly lock: typeof lock;
  readonly 'service-now': typeof serviceNow;
  readonly act: typeof act;
  readonly 'watch-window': typeof watchWindow;
  readonly inbox: typeof inbox;
  readonly drift: typeof drift;
}

/** A small change of the control logic, of the kind that a slip of the hand makes. */
export interface Fault {
  readonly name: string;
  readonly module: keyof Modules;
  /** The seed that found it last. */
  readonly lastFoundBy: number;
  /** What stands in the place of functions of that module. */
  readonly instead: (real: never) => Readonly<Record<string, unknown>>;
}

const fault = <M extends keyof Modules>(
  name: string,
  lastFoundBy: number,
  module: M,
  instead: (real: Modules[M]) => Partial<Modules[M]>,
): Fault => ({ name, lastFoundBy, module, instead: instead as unknown as Fault['instead'] });

/** Whoever reads the sidecar finds that it fits. */
const believe = (file: string): void =>
  writeFileSync(`${file}.sha256`, `${sha256Of(file)}  backups/${basename(file)}\n`);

export const faults: readonly Fault[] = [
  fault('drift is never seen', 52, 'drift', () => ({ driftOf: () => null })),
  fault('the lock is not taken', 1, 'lock', (real) => ({
    holding: (_context, { command, role, run }, work) => {
      const holder = { command, role, run } as lock.HeldLock['holder'];
      const held = { holder, takenOver: null, isHeld: async () => true, become: async () => true };
      return work({ ...held, file: '', release: async () => undefined });
    },
    releasing: real.releasing,
  })),
  fault('a request is obeyed after its asker took it back', 433, 'inbox', (real) => ({
    putRequest: async (folder, request) => `${await real.putRequest(folder, request)}.elsewhere`,
    readInbox: async (folder) => {
      const at = new Date(Date.now()).toISOString();
      const taken = await real.readInbox(folder);
      return taken.map((one) => ({
        ...one,
        request: one.request === null ? null : { ...one.request, at },
      }));
    },
  })),
  fault('the watch ends early', 43, 'watch-window', (real) => ({
    openWindow: async (open, options) => {
      const window = await real.openWindow(open, options);
      return { ...window, policy: { ...window.policy, durationMs: window.policy.durationMs / 3 } };
    },
  })),
  fault('a resumed rollback swaps again', 229, 'rollback', (real) => ({
    rollback: (options) => {
      const isSwap = ({ type, step }: (typeof options.past)[number]) =>
        type === 'step.done' && step === 'swap';
      return real.rollback({ ...options, past: options.past.filter((event) => !isSwap(event)) });
    },
  })),
  fault('a backup is believed without being verified', 147, 'backup-core', (real) => ({
    verifyBackup: (file, options) => {
      believe(file);
      return real.verifyBackup(file, options);
    },
  })),
  fault('a rollback that was withheld ends with exit 0', 4, 'act', (real) => ({
    actOn: async (open, watched) => {
      const result = await real.actOn(open, watched);
      return result.exit === 5 ? { ...result, exit: 0 } : result;
    },
  })),
  fault('a window ages by a clock that is set', 896, 'monitor', (real) => ({
    watch: ({ clock, ...options }) =>
      real.watch({ ...options, clock: { now: clock.now, sleep: clock.sleep } }),
  })),
  fault('the copy of what was put aside is not named', 116, 'rollback', (real) => ({
    rollback: async function* (options) {
      const events = real.rollback(options);
      for (;;) {
        const next = await events.next();
        if (next.done) return next.value;
        const event = next.value;
        const isCopy = event.type === 'step.done' && event.step === 'safety';
        yield isCopy ? { ...event, data: null } : event;
      }
    },
  })),
  fault('a promotion by hand claims that all is well', 106, 'service-now', () => ({
    describeService: ({ active }) => `release ${active} is active and answers OK`,
  })),
  fault('a broken gate promotes', 116, 'monitor', (real) => ({
    watch: async function* (options) {
      const events = real.watch(options);
      for (;;) {
        const next = await events.next();
        if (next.done)
          return next.value.decision === 'rollback'
            ? { ...next.value, decision: 'promote' as const }
            : next.value;
        yield next.value;
      }
    },
  })),
  fault('a backup of another service is taken for ours', 3, 'backup-core', (real) => ({
    verifyBackup: async (file, options) => {
      const verified = await real.verifyBackup(file, options);
      return { ...verified, manifest: { ...verified.manifest, service: 'notes' } };
    },
  })),
];

let planted: Fault | null = null;

/** Plants a fault in this worker; `null`: none. */
export const plant = (one: Fault | null): void => {
  planted = one;
};

type Exports = Record<string, unknown>;

/** A module whose functions are those of the planted fault, where one is planted in it. */
export const plantable = <M extends keyof Modules>(name: M, real: Modules[M]): Modules[M] => {
  const wrapped: Exports = { ...(real as unknown as Exports) };
  for (const [key, value] of Object.entries(wrapped)) {
    // Classes are made with `new`, and guards of errors look at no fault.
    if (typeof value !== 'function' || /^[A-Z]/.test(key)) continue;
    wrapped[key] = (...args: unknown[]) => {
      const instead = planted?.module === name ? planted.instead(real as never)[key] : undefined;
      return ((instead ?? value) as (...args: unknown[]) => unknown)(...args);
    };
  }
  return wrapped as unknown as Modules[M];
};
