import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { message } from './messages.ts';
import { httpChannel, startNotifier } from './notifier-kit.ts';

/** A webhook that answers `status` after it did something to the sender's disk. */
const startSaboteur = async (status: number) => {
  const act = { once: async (): Promise<void> => undefined, status };
  const server = await startHttpServer(async (_request, response) => {
    await act.once();
    response.writeHead(act.status);
    response.end();
  });
  const kit = await startNotifier([httpChannel('webhook', server.url)], { retry: { tries: 1 } });
  const spool = join(kit.folder, 'spool');
  return {
    ...kit,
    server,
    act,
    /** A file can't be written where its folder is none. */
    breakSpool: async () => {
      await rename(spool, `${spool}.away`);
      await writeFile(spool, 'a file where the folder should be');
    },
    mendSpool: async () => {
      await rm(spool);
      await rename(`${spool}.away`, spool);
    },
    spool,
  };
};

const note = (id: string) => message({ id, severity: 'info', run: null });

describe('a disk that fails', () => {
  it('before the first try: what can be sent is sent, the rest is lost, nothing throws', async () => {
    const { notifier, act, breakSpool, mendSpool, spooled } = await startSaboteur(200);
    await notifier.send(note('first'));
    await breakSpool();
    expect(await notifier.send(note('a'))).toMatchObject([{ status: 'delivered' }]);
    act.status = 503;
    expect(await notifier.send(note('b'))).toMatchObject([
      { status: 'lost', reason: expect.stringMatching(/503.*spool can't be written \(ENOTDIR\)/) },
    ]);
    expect(await notifier.flush()).toMatchObject({
      delivered: 0,
      problem: "the spool can't be read or written (ENOTDIR)",
    });
    await mendSpool();
    expect(await spooled()).toEqual([]);
  });

  it('after the delivery: it is delivered, and the receipt says that it may come twice', async () => {
    const { notifier, act, breakSpool } = await startSaboteur(200);
    act.once = breakSpool;
    expect(await notifier.send(note('a'))).toMatchObject([
      {
        status: 'delivered',
        reason: "the spool can't be written (ENOTDIR), so a later flush may send it once more",
      },
    ]);
  });

  it('after a failed try: the message is still there, as it was', async () => {
    const { notifier, act, breakSpool, mendSpool, folder, server } = await startSaboteur(503);
    act.once = breakSpool;
    expect(await notifier.send(note('a'))).toMatchObject([
      { status: 'spooled', reason: expect.stringMatching(/^503.*ENOTDIR\): it waits there/) },
    ]);
    await mendSpool();
    Object.assign(act, { once: async () => undefined, status: 200 });
    // Its own claim could not be given back; the next process frees it. Here: by hand.
    const [claimed = ''] = await readdir(join(folder, 'spool'));
    await rename(join(folder, 'spool', claimed), join(folder, 'spool', 'a.webhook.json'));
    expect(await notifier.flush()).toMatchObject({ delivered: 1, spooled: 0 });
    expect(server.requests).toHaveLength(2);
  });

  it('where dead/ should be: what was refused for good stays in the spool', async () => {
    const { notifier, act, folder, spooled } = await startSaboteur(400);
    act.once = async () => {
      await rm(join(folder, 'dead'), { recursive: true });
      await writeFile(join(folder, 'dead'), 'a file');
    };
    expect(await notifier.send(note('a'))).toMatchObject([
      { status: 'dead', reason: expect.stringMatching(/dead\/ can't be written \(E[A-Z]+\)/) },
    ]);
    expect(await spooled()).toEqual(['a.webhook.json']);
    await rm(join(folder, 'dead'));
    await mkdir(join(folder, 'dead'));
    act.once = async () => undefined;
    expect(await notifier.flush()).toMatchObject({ dead: 1, spooled: 0 });
  });

  it('a name that can not be removed is no reason to throw', async () => {
    const { notifier, act, spool } = await startSaboteur(200);
    act.once = async () => {
      const [claimed = ''] = await readdir(spool);
      await rm(join(spool, claimed));
      await mkdir(join(spool, claimed));
    };
    expect(await notifier.send(note('a'))).toMatchObject([
      { status: 'delivered', reason: expect.stringContaining('may send it once more') },
    ]);
  });
});
