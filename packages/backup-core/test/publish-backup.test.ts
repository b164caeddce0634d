import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { realDisk } from '../src/disk.ts';
import { publishBackup } from '../src/publish-backup.ts';
import { AT_MS } from './support/sample.ts';

const NAME = 'dhash_20260131T120000Z_production';
const NEXT = 'dhash_20260131T120001Z_production';

it.each([
  // Of a run that is between its sidecar and its zip: no backup is listed yet.
  `${NAME}.zip.sha256`,
  `${NAME}.rescue.sh`,
  `${NAME}.zip`,
])('takes the next second where another run takes %s first', async (taken) => {
  const dir = await tempFolder();
  const part = join(dir, '.dhash-1-0123456789ab.part');
  await writeFile(part, 'zip');
  const asked = new Set<string>();
  const disk = {
    ...realDisk,
    link: async (existing: string, name: string) => {
      if (asked.has(name)) throw new Error(`${name} is asked for once more`);
      if (asked.size === 0) await writeFile(join(dir, taken), 'of another run');
      asked.add(name);
      return realDisk.link(existing, name);
    },
  };
  const published = await publishBackup({
    disk,
    dir,
    root: dir,
    part,
    sha256: '0'.repeat(64),
    env: 'production',
    tag: null,
    nowMs: AT_MS,
    rescue: () => ['#!/bin/sh\n'],
  });
  expect(published).toMatchObject({ file: join(dir, `${NEXT}.zip`), atMs: AT_MS + 1000 });
  expect(await readFile(join(dir, taken), 'utf8')).toBe('of another run');
  expect(await readFile(published.file, 'utf8')).toBe('zip');
  expect((await readdir(dir)).sort()).toEqual(
    [taken, `${NEXT}.rescue.sh`, `${NEXT}.zip`, `${NEXT}.zip.sha256`].sort(),
  );
});
