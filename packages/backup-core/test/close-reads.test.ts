import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { openFile } from '../src/zip/close-reads.ts';
import { noise } from './support/sample.ts';

const BYTES = 700_000;
const content = noise(BYTES);

const opened = async () => {
  const file = join(await tempFolder(), 'a.zip');
  await writeFile(file, content);
  const handle = await open(file, 'r');
  onTestFinished(() => handle.close());
  let calls = 0;
  const read = handle.read.bind(handle);
  handle.read = ((...args: Parameters<typeof read>) => {
    calls += 1;
    return read(...args);
  }) as typeof handle.read;
  return { ...openFile(file, handle, BYTES), path: file, calls: () => calls };
};

/** Places that follow each other, and places anywhere; small lengths and large ones. */
const reads = fc.array(
  fc.record({
    gap: fc.oneof(fc.nat(200), fc.nat(BYTES)),
    length: fc.oneof(fc.nat(300), fc.nat(40_000)),
    isGiven: fc.boolean(),
  }),
  { maxLength: 40 },
);

it('reads what lies there, one after the other or all at once', { timeout: 60_000 }, async () => {
  const { read } = await opened();
  const check = async (at: number, length: number, isGiven: boolean) => {
    const buffer = isGiven ? Buffer.alloc(length) : undefined;
    const found = await read(at, length, buffer);
    expect(found.equals(content.subarray(at, at + length))).toBe(true);
    if (buffer !== undefined) expect(buffer.equals(found)).toBe(true);
  };
  await fc.assert(
    fc.asyncProperty(reads, fc.boolean(), async (list, isAllAtOnce) => {
      let end = 0;
      const places = list.map(({ gap, length, isGiven }) => {
        const at = (end + gap) % BYTES;
        end = Math.min(BYTES, at + length);
        return [at, end - at, isGiven] as const;
      });
      if (isAllAtOnce) await Promise.all(places.map((place) => check(...place)));
      else for (const place of places) await check(...place);
    }),
    { numRuns: 100 },
  );
});

it('reads small entries that lie together by few calls, and far ones without their surroundings', async () => {
  const near = await opened();
  for (let at = 0; at + 100 <= BYTES; at += 100) await near.read(at, 100);
  expect(near.calls()).toBeLessThanOrEqual(4);
  const far = await opened();
  for (const at of [300_000, 600_000, 100_000]) await far.read(at, 100);
  expect(far.calls()).toBe(3);
});

it('says where a file ends that became shorter', async () => {
  const { path, read } = await opened();
  await truncate(path, 1000);
  await expect(read(500, 1000)).rejects.toMatchObject({
    code: 'bad-archive',
    rule: 1,
    message: expect.stringContaining('it ends at byte 1000, in the middle'),
  });
});
