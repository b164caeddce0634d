import type { Reach } from '../../src/environment/reach.ts';
import { type StartableTarget, TargetError } from '../../src/targets/types.ts';
import { verifiedTarget } from '../../src/targets/verified-target.ts';
import type { HandOn } from './facts.ts';
import { here } from './kernel.ts';
import { answersOk, makeData, type World } from './world.ts';

/** Releases that could be deployed. */
const releases = ['1.2', '1.1', '1.0'] as const;

/** How long the service's own commands take, ms. */
const startMs = 400;
const stopMs = 300;

const failed = (name: string) =>
  new TargetError('command-failed', `the ${name} command ended with exit 1 and printed nothing`);

/** Does something with the service, on the facts from its begin to its end. */
const withHand = async (
  world: World,
  on: HandOn,
  release: string | null,
  act: () => Promise<void>,
): Promise<void> => {
  const { kernel } = world;
  const pid = here()?.process.pid;
  await kernel.call(() =>
    world.note({ kind: 'hand', on, release, holder: world.lockHolder() }, pid),
  );
  try {
    await act();
    world.note({ kind: 'hand done', on, ok: true });
  } catch (error) {
    world.note({ kind: 'hand done', on, ok: false });
    throw error;
  }
};

/** A mishap waits for its next chance, and befalls once. */
const befalls = (world: World, mishap: keyof World['mishaps']): boolean => {
  const does = world.mishaps[mishap];
  world.mishaps[mishap] = false;
  return does;
};

const simTarget = (world: World, lockFile: string): StartableTarget => {
  const { kernel } = world;
  const pause = (ms: number) => kernel.clock.sleep(ms);
  const runs = (version: string | null): void => {
    world.running = version === null ? null : { version, sinceMs: kernel.monotonicMs() };
  };
  return {
    kind: 'releases',
    lockFile,
    current: async () => {
      const pid = here()?.process.pid;
      return kernel.call(() => {
        world.note({ kind: 'looked', active: world.active }, pid);
        return world.active;
      });
    },
    versions: async () => [...releases],
    hasVersion: async (version) => (releases as readonly string[]).includes(version),
    init: async () => kernel.call(() => makeData(world)),
    lay: async (version) => {
      await withHand(world, 'lay', version, () => pause(20));
      return null;
    },
    unlay: () => withHand(world, 'unlay', null, () => pause(20)),
    activate: (version) =>
      withHand(world, 'activate', version, () =>
        kernel.call(() => {
          if (!befalls(world, 'activateLost')) world.active = version;
        }),
      ),
    deactivate: () =>
      withHand(world, 'deactivate', null, () =>
        kernel.call(() => {
          world.active = null;
        }),
      ),
    start: () =>
      withHand(world, 'start', world.active, async () => {
        await pause(startMs);
        if (befalls(world, 'startFails')) throw failed('start');
        await kernel.call(() => runs(world.active));
      }),
    stop: () =>
      withHand(world, 'stop', world.active, async () => {
        if (befalls(world, 'stopFails')) throw failed('stop');
        await pause(stopMs);
        if (!befalls(world, 'stopLies')) await kernel.call(() => runs(null));
      }),
    prunable: async () => [],
    prune: async () => ({ removed: [], left: [] }),
    describe: () => ['target: simulated'],
  };
};

/** The simulated service and its target, in the place of the real ones. */
export const reachOf = (world: World): Reach => {
  const { kernel } = world;
  return {
    openTarget: (config, run) =>
      verifiedTarget(
        simTarget(world, `${config.root}/rollouts/lock-${config.env}.json`),
        config,
        run,
        {
          address: () =>
            kernel.call(() =>
              world.running === null
                ? { kind: 'silent' }
                : { kind: 'answers', how: 'HTTP 200', isProof: true },
            ),
          countsAddress: true,
          data: async () => ({ looked: true, holders: [], unseen: 0 }),
          listeners: async () => [],
        },
      ),
    probesOf: ({ health: { version: field } }, { version: asked }) => ({
      health: {
        check: async (signal) => {
          const pid = here()?.process.pid;
          const behaviour = world.behaviours.get(world.running?.version ?? '');
          if (behaviour?.kind === 'slow') await kernel.clock.sleep(behaviour.ms, signal);
          return kernel.call(() => {
            signal.throwIfAborted();
            const { running } = world;
            const version = field === null ? null : asked;
            const isRight = version === null || running?.version === version;
            const ok = answersOk(world) && isRight;
            world.note({ kind: 'polled', version, ok }, pid);
            if (running === null) return { ok: false, reason: 'connection refused' };
            if (ok) return { ok: true, status: 200, ms: 3 };
            const reason = isRight ? 'HTTP 503' : `wrong version: ${running.version}`;
            return { ok: false, status: isRight ? 503 : 200, reason };
          });
        },
      },
      source: {
        read: (signal) =>
          kernel.call(() => {
            signal.throwIfAborted();
            if (world.running === null) throw new Error('connection refused');
            const { requests, failures } = world.counters;
            return { metrics: { notes_total: requests, notes_failed_total: failures } };
          }),
      },
    }),
  };
};
