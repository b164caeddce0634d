import { startHttpServer } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { message } from './messages.ts';
import { httpChannel, startNotifier } from './notifier-kit.ts';

/** Answers nothing until it is let go. */
const startSlow = async () => {
  let letGo = (): void => undefined;
  const free = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const server = await startHttpServer(async (_request, response) => {
    await free;
    response.end();
  });
  return { ...server, letGo: () => letGo() };
};

it('a slow channel delays no other: those have the message while it still hangs', async () => {
  const slow = await startSlow();
  const quick = await startHttpServer((_request, response) => void response.end());
  const { notifier, spooled } = await startNotifier([
    httpChannel('webhook', slow.url, 'slow'),
    httpChannel('webhook', quick.url, 'quick'),
  ]);
  const sending = notifier.send(message({ id: 'a' }));
  await expect.poll(() => slow.requests.length).toBe(1);
  await expect.poll(() => quick.requests.length).toBe(1);
  // Delivered and settled; only what the slow one still has not taken is in the spool.
  await expect.poll(spooled).toEqual([expect.stringMatching(/^a\.slow\.json\..*\.claim$/)]);
  await notifier.send(message({ id: 'b' }), { channels: ['quick'] });
  expect(quick.requests).toHaveLength(2);
  slow.letGo();
  expect(await sending).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }]);
});

it('a flush goes on with the other channels while one hangs', async () => {
  const slow = await startSlow();
  const quick = await startHttpServer((_request, response) => void response.end());
  const nobody = 'http://127.0.0.1:2';
  const first = await startNotifier(
    [httpChannel('webhook', nobody, 'slow'), httpChannel('webhook', nobody, 'quick')],
    { retry: { tries: 1 } },
  );
  for (const id of ['a', 'b', 'c']) await first.notifier.send(message({ id, run: null }));
  const later = await startNotifier(
    [httpChannel('webhook', slow.url, 'slow'), httpChannel('webhook', quick.url, 'quick')],
    { folder: first.folder },
  );
  const flushing = later.notifier.flush();
  await expect.poll(() => quick.requests.length).toBe(3);
  expect(slow.requests).toHaveLength(1);
  slow.letGo();
  expect(await flushing).toMatchObject({ delivered: 6, spooled: 0 });
});
