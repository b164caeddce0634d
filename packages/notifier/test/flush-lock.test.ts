import { writeFileSync } from 'node:fs';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeClock, startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { enterFlush, takeoverFile } from '../src/spool/flush-lock.ts';
import { ownerTag } from '../src/spool/owner.ts';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';

const ours = async (folder: string, clock = fakeClock(startMs)) => {
  const lock = await enterFlush(folder, clock);
  if (lock.kind !== 'ours') throw new Error(`busy: ${lock.heldBy}`);
  return lock;
};

const deadMark = (): string => {
  const [host, boot] = ownerTag().split('-');
  return `${host}-${boot}-999999999-1-00000000`;
};

const otherMachinesMark = 'ffffffff-00000000-1-1-00000000';

it('one flush at a time: another is told which process is at it, and does nothing', async () => {
  const { notifier, folder } = await startNotifier([httpChannel('webhook', 'http://127.0.0.1:2')], {
    retry: { tries: 1 },
  });
  await notifier.send(message());
  const lock = await ours(folder);
  expect(await notifier.flush()).toMatchObject({
    busy: true,
    heldBy: `process ${process.pid}`,
    receipts: [],
  });
  await lock.leave();
  expect(await notifier.flush()).toMatchObject({ busy: false, spooled: 1 });
  expect(await readdir(folder)).not.toContain('flush.lock');
});

it('a long flush keeps its mark alive', async () => {
  const { notifier, folder, clock } = await startNotifier(
    [httpChannel('webhook', 'http://127.0.0.1:2')],
    { retry: { tries: 1 } },
  );
  for (const id of ['a', 'b']) await notifier.send(message({ id, run: null }));
  const ages: number[] = [];
  const server = await startHttpServer(async (_request, response) => {
    ages.push(clock.now() - (await stat(join(folder, 'flush.lock'))).mtimeMs);
    clock.advance(10 * 60_000);
    response.end();
  });
  const later = await startNotifier([httpChannel('webhook', server.url)], { folder, clock });
  expect(await later.notifier.flush()).toMatchObject({ delivered: 2 });
  expect(ages[1]).toBe(0);
});

it('the mark of a process that is gone is taken over', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'flush.lock'), deadMark());
  await (await ours(folder)).leave();
});

it('a mark that another took over meanwhile is left alone', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'flush.lock');
  await writeFile(file, otherMachinesMark);
  await utimes(file, startMs / 1000, startMs / 1000);
  const clock = fakeClock(startMs + 15 * 60_000);
  const faster = ownerTag();
  const slower = {
    ...clock,
    now: () => {
      writeFileSync(file, faster);
      return clock.now();
    },
  };
  expect(await enterFlush(folder, slower)).toEqual({
    kind: 'busy',
    heldBy: `process ${process.pid}`,
  });
  expect(await readFile(file, 'utf8')).toBe(faster);
});

it('of two that find the same mark, the one that says so first takes it over', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'flush.lock');
  await writeFile(file, deadMark());
  await writeFile(takeoverFile(file, deadMark()), ownerTag());
  expect(await enterFlush(folder, fakeClock(startMs))).toEqual({
    kind: 'busy',
    heldBy: `process ${process.pid}`,
  });
  expect(await readFile(file, 'utf8')).toBe(deadMark());
});

it('a takeover that was cut short is taken over too', async () => {
  const folder = await tempFolder();
  const clock = fakeClock(startMs);
  const file = join(folder, 'flush.lock');
  await writeFile(file, deadMark());
  const lock = await ours(folder, clock);
  // What a taker leaves that dies between its claim and the removal of the mark.
  await writeFile(file, deadMark());
  await writeFile(takeoverFile(file, deadMark()), deadMark().replace('999999999', '999999998'));
  const again = await ours(folder, clock);
  // The first holder's mark was replaced: it is not its to remove.
  await lock.leave();
  expect(await readdir(folder)).toEqual(['flush.lock']);
  await again.leave();
  expect(await readdir(folder)).toEqual([]);
});

it('the mark of another machine holds for 15 min after its last sign of life', async () => {
  const folder = await tempFolder();
  const clock = fakeClock(startMs);
  const file = join(folder, 'flush.lock');
  await writeFile(file, otherMachinesMark);
  await utimes(file, startMs / 1000, startMs / 1000);
  clock.advance(15 * 60_000 - 1);
  expect(await enterFlush(folder, clock)).toMatchObject({
    kind: 'busy',
    heldBy: expect.stringMatching(/another machine or container.*flush\.lock.*15 min/),
  });
  clock.advance(1);
  const lock = await ours(folder, clock);
  // And is kept alive from then on.
  clock.advance(60_000);
  lock.refresh();
  expect((await stat(file)).mtimeMs).toBe(clock.now());
  await lock.leave();
});
