import { expect, it, vi } from 'vitest';
import { seedsOf, tellAll } from './seeds.ts';

vi.mock('@dhash/backup-core', async (load) =>
  (await import('./stand-ins.ts')).backupCoreStandIn(await load()),
);
vi.mock('@dhash/notifier', async (load) =>
  (await import('./stand-ins.ts')).notifierStandIn(await load()),
);
// Pages are for people; they are tested where they are made.
vi.mock(
  '../../src/pages/write-run-pages.ts',
  async () => (await import('./stand-ins.ts')).pagesStandIn,
);

it('keeps every invariant, whatever a seed brings: half 2 of 2', async () => {
  const { broken, summary } = await tellAll(seedsOf(2, 2));
  process.stdout.write(`${summary}\n`);
  expect(broken.length, broken.join('\n\n')).toBe(0);
}, 3_600_000);
