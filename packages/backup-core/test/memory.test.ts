import { randomFillSync } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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

it.runIf(process.env['CI'] !== undefined)(
  'does so with a database of more than 1 GiB',
  {
    timeout: 300_000,
  },
  async () => {
    const sample = await makeSample(await tempFolder());
    const db = new DatabaseSync(sample.library);
    db.exec('CREATE TABLE scans (id INTEGER PRIMARY KEY, scan BLOB)');
    db.exec('BEGIN');
    const insert = db.prepare('INSERT INTO scans (scan) VALUES (?)');
    const scan = Buffer.alloc(MEBIBYTE);
    for (let i = 0; i < 1050; i++) insert.run(randomFillSync(scan, 0, MEBIBYTE / 4));
    db.exec('COMMIT');
    db.close();

    const job = { sample, rehash: false, isRestored: true };
    const { backup, all, plainBytes } = await measureMemory(job);
    // What a test leaves is searched for secrets, byte by byte.
    await rm(sample.root, { recursive: true });
    expect(plainBytes).toBeGreaterThan(2 ** 30);
    expect(backup, 'MiB at the peak of the backup').toBeLessThan(200);
    expect(all, 'MiB at the peak of verification and restore').toBeLessThan(200);
  },
);
