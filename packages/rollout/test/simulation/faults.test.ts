import { afterEach, expect, it, vi } from 'vitest';
import { faults, plant } from './faults.ts';
import { judge } from './judge.ts';
import { newTemplate } from './seeds.ts';
import { simulate, type Template } from './simulate.ts';

/*
 * Each fault is planted by itself, and an invariant must break within the seeds that are told without one. The seed
 * that found it last is told first, so that no time is lost.
 */

vi.mock('@dhash/backup-core', async (load) => {
  const { backupCoreStandIn } = await import('./stand-ins.ts');
  const { plantable } = await import('./faults.ts');
  return plantable('backup-core', backupCoreStandIn(await load()));
});
vi.mock('@dhash/notifier', async (load) =>
  (await import('./stand-ins.ts')).notifierStandIn(await load()),
);
vi.mock(
  '../../src/pages/write-run-pages.ts',
  async () => (await import('./stand-ins.ts')).pagesStandIn,
);
vi.mock('@dhash/monitor', async (load) =>
  (await import('./faults.ts')).plantable('monitor', await load()),
);
vi.mock('@dhash/rollback', async (load) =>
  (await import('./faults.ts')).plantable('rollback', await load()),
);
vi.mock('../../src/environment/lock.ts', async (load) =>
  (await import('./faults.ts')).plantable('lock', await load()),
);
vi.mock('../../src/environment/service-now.ts', async (load) =>
  (await import('./faults.ts')).plantable('service-now', await load()),
);
vi.mock('../../src/guard/act.ts', async (load) =>
  (await import('./faults.ts')).plantable('act', await load()),
);
vi.mock('../../src/guard/watch-window.ts', async (load) =>
  (await import('./faults.ts')).plantable('watch-window', await load()),
);
vi.mock('../../src/record/inbox.ts', async (load) =>
  (await import('./faults.ts')).plantable('inbox', await load()),
);
vi.mock('../../src/takeover/drift.ts', async (load) =>
  (await import('./faults.ts')).plantable('drift', await load()),
);

const mostSeeds = Number(process.env['SIM_SEEDS'] ?? 1000);

afterEach(() => plant(null));

/** What is wrong with a story; one that comes to no end is wrong, too. */
const wrongWith = async (seed: number, template: Template): Promise<string | null> => {
  try {
    return await simulate(seed, template, judge);
  } catch (error) {
    return `seed ${seed} comes to no end:\n${String(error)}`;
  }
};

it.for([...faults])('finds that $name', { timeout: 3_600_000 }, async (fault) => {
  const { name, lastFoundBy } = fault;
  const template = await newTemplate();
  plant(fault);
  const others = Array.from({ length: mostSeeds }, (_, index) => index + 1);
  for (const seed of [lastFoundBy, ...others]) {
    const wrong = await wrongWith(seed, template);
    if (wrong === null) continue;
    const [, invariant = ''] = wrong.split('\n');
    process.stdout.write(`planted: ${name}: found by seed ${seed}: ${invariant.trim()}\n`);
    return;
  }
  expect.fail(`none of ${mostSeeds} seeds finds that ${name}`);
});
