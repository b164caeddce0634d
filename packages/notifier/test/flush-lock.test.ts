import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeClock, startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { enterFlush } from '../src/spool/flush-lock.ts';
import { ownerTag } from '../src/spool/owner.ts';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';

const ours = async (folder: string, clock = fakeClock(startMs)) => {
  const lock = await enterFlush(folder, clock);
  if (lock.kind !== 'ours') throw new Error(`busy: ${lock.heldBy}`);
  return lock;
};

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
  lock.leave();
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
  const [host, boot] = ownerTag().split('-');
  await writeFile(join(folder, 'flush.lock'), `${host}-${boot}-999999999-1-00000000`);
  (await ours(folder)).leave();
});

it('the mark of another machine holds for 15 min after its last sign of life', async () => {
  const folder = await tempFolder();
  const clock = fakeClock(startMs);
  const file = join(folder, 'flush.lock');
  await writeFile(file, 'ffffffff-00000000-1-1-00000000');
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
  lock.leave();
});
