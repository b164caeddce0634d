import { expect, it, vi } from 'vitest';
import { traceOf } from './judge.ts';
import { newTemplate, seedsOf, tellAll } from './seeds.ts';
import { simulate } from './simulate.ts';

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

it('keeps every invariant, whatever a seed brings: half 1 of 2', async () => {
  const { broken, summary } = await tellAll(seedsOf(1, 2));
  process.stdout.write(`${summary}\n`);
  expect(broken.length, broken.join('\n\n')).toBe(0);
}, 3_600_000);

it('tells the same story for the same seed, to the letter', async () => {
  const template = await newTemplate();
  for (const seed of [12, 46, 303]) {
    const once = await simulate(seed, template, traceOf);
    expect(await simulate(seed, template, traceOf)).toBe(once);
  }
});
