import { expect, test } from 'vitest';
import type { AddressLook } from '../../src/process/ask-address.ts';
import type { OpenFiles } from '../../src/process/open-files.ts';
import { type Stopped, untilStopped } from '../../src/targets/until-stopped.ts';

const url = 'http://127.0.0.1:5001/health';
const silent: AddressLook = { kind: 'silent' };
const answers: AddressLook = { kind: 'answers', how: 'HTTP 200', isProof: true };
const gateway: AddressLook = { kind: 'answers', how: 'HTTP 503', isProof: false };
const free: OpenFiles = { looked: true, holders: [], unseen: 0 };
const holder = { pid: 4711, command: 'python3 svc.py\u001b[2J', path: '/data/lib.db-wal' };
const held: OpenFiles = { looked: true, holders: [holder], unseen: 0 };

/** What is seen from some second on; a wait takes no time but the simulated one. */
const wait = async (
  seen: { readonly address?: [number, AddressLook][]; readonly data?: [number, OpenFiles][] },
  limitMs = 30_000,
): Promise<Stopped & { readonly looks: number }> => {
  let nowMs = 0;
  let looks = 0;
  const at = <T>(script: [number, T][] | undefined, otherwise: T): T =>
    script?.findLast(([second]) => nowMs >= second * 1000)?.[1] ?? otherwise;
  const stopped = await untilStopped(
    {
      address: async () => {
        looks += 1;
        return at(seen.address, silent);
      },
      countsAddress: true,
      data: async () => at(seen.data, free),
      listeners: async () => [{ pid: 99, command: 'nginx', path: 'socket:[1]' }],
    },
    url,
    {
      limitMs,
      sleep: async (ms) => {
        nowMs += ms;
      },
      elapsedMs: () => nowMs,
    },
  );
  return { ...stopped, looks };
};

test('a service that has stopped is not waited for', async () => {
  expect(await wait({})).toEqual({ waitedMs: 0, stillAnswers: null, unseen: 0, looks: 1 });
});

test('one that drains is waited for, seen within a tenth of what it took', async () => {
  const stopped = await wait({
    address: [
      [0, answers],
      [6, silent],
    ],
    data: [
      [0, held],
      [8, free],
    ],
  });
  expect(stopped.waitedMs).toBeGreaterThanOrEqual(8000);
  expect(stopped.waitedMs).toBeLessThan(8800);
  expect(stopped.looks).toBeGreaterThan(10);
  expect(stopped.looks).toBeLessThan(60);
});

test.each<[string, Parameters<typeof wait>[0], RegExp]>([
  [
    'an address that answers',
    { address: [[0, answers]] },
    /5001\/health still answers \(HTTP 200\); pid 99 \(nginx\) listens there/,
  ],
  [
    'data that is held by a child of a service whose address is silent',
    { data: [[0, held]] },
    /pid 4711 \(python3 svc\.py\\x1b\[2J\) has \/data\/lib\.db-wal open/,
  ],
  [
    'data that is held behind a gateway that stays up',
    { address: [[0, gateway]], data: [[0, held]] },
    /pid 4711/,
  ],
])('%s is named after the limit', async (_, seen, message) => {
  await expect(wait(seen)).rejects.toMatchObject({
    code: 'still-running',
    message: expect.stringMatching(message),
  });
  await expect(wait(seen)).rejects.toThrow('30.0 s later');
});

test('an answer that proves nothing is waited out, and then the data alone decides', async () => {
  const stopped = await wait({ address: [[0, gateway]] });
  expect(stopped).toMatchObject({ stillAnswers: 'HTTP 503' });
  expect(stopped.waitedMs).toBeGreaterThanOrEqual(5000);
  expect(stopped.waitedMs).toBeLessThan(6100);
  expect(await wait({ address: [[0, gateway]] }, 1000)).toMatchObject({ waitedMs: 1000 });
  // A service that ends says 503 too: it is seen to be gone.
  const drained = await wait({
    address: [
      [0, gateway],
      [3, silent],
    ],
  });
  expect(drained.stillAnswers).toBeNull();
});

test('what could not be looked at is told', async () => {
  const unseen = await wait({ data: [[0, { looked: true, holders: [], unseen: 12 }]] });
  expect(unseen.unseen).toBe(12);
  const elsewhere = await wait({ data: [[0, { looked: false, holders: [], unseen: 0 }]] });
  expect(elsewhere.unseen).toBeNull();
});
