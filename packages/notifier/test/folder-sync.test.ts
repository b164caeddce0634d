import { expect, it } from 'vitest';
import { createFolderSync } from '../src/spool/folder-sync.ts';

const start = (sync: () => Promise<void>) => {
  const at = { nowMs: 0, syncs: 0 };
  const folder = createFolderSync({
    sync: async () => {
      at.syncs++;
      await sync();
    },
    now: () => at.nowMs,
    everyMs: 100,
  });
  return { at, folder };
};
const works = async (): Promise<void> => undefined;

it('syncs the first removal at once, those within 100 ms together, and what is left at the end', async () => {
  const { at, folder } = start(works);
  await folder.removed();
  expect(at.syncs).toBe(1);
  at.nowMs = 99;
  await folder.removed();
  expect(at.syncs).toBe(1);
  at.nowMs = 100;
  await folder.removed();
  expect(at.syncs).toBe(2);
  at.nowMs = 150;
  await folder.removed();
  await folder.settled();
  expect(at.syncs).toBe(3);
  await folder.settled();
  expect(at.syncs).toBe(3);
});

it('a failed sync is told, and tried again', async () => {
  let isBroken = true;
  const { at, folder } = start(async () => {
    if (isBroken) throw new Error('EIO');
  });
  await expect(folder.removed()).rejects.toThrow('EIO');
  await expect(folder.settled()).rejects.toThrow('EIO');
  isBroken = false;
  await folder.settled();
  expect(at.syncs).toBe(3);
});

it('settled waits for a sync that another removal began', async () => {
  let end = (): void => undefined;
  const { folder } = start(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const first = folder.removed();
  let isSettled = false;
  const settled = folder.settled().then(() => {
    isSettled = true;
  });
  await new Promise(setImmediate);
  expect(isSettled).toBe(false);
  end();
  await Promise.all([first, settled]);
});
