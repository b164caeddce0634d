import { randomFillSync } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { measureMemory } from './support/measure-memory.ts';
import { makeSample } from './support/sample.ts';

const MEBIBYTE = 2 ** 20;

it('backs up, verifies and restores more data than it ever holds in memory', {
  timeout: 120_000,
}, async () => {
  const sample = await makeSample(await tempFolder());
  const json = join(sample.images, 'catalog.json');
  const line = Buffer.alloc(MEBIBYTE);
  for (let i = 0; i < 160; i++) {
    // A quarter of it can't be foreseen, so that it is neither stored nor next to nothing.
    randomFillSync(line, 0, MEBIBYTE / 4);
    appendFileSync(json, line);
  }
  for (let i = 0; i < 100; i++)
    await writeFile(join(sample.images, `${i}.jpg`), randomFillSync(Buffer.alloc(400_000)));
  await writeFile(join(sample.images, 'video.mp4'), randomFillSync(Buffer.alloc(30 * MEBIBYTE)));

  const job = { sample, rehash: false, isRestored: true };
  const { backup, all, plainBytes } = await measureMemory(job);
  expect(plainBytes).toBeGreaterThan(220 * MEBIBYTE);
  expect(backup, 'MiB at the peak of the backup').toBeLessThan(200);
  expect(all, 'MiB at the peak of verification and restore').toBeLessThan(200);
});
