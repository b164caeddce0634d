import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { verifyBackup } from '../src/index.ts';
import { faultMatrix } from './support/fault-matrix.ts';
import { backUpSample, makeSample } from './support/sample.ts';
import { backUpUnderStrace } from './support/strace.ts';

/** Later than the sample was written, so that the second backup takes over what the first packed. */
const FIRST_MS = Date.now() + 3_600_000;
const HOUR_MS = 3_600_000;
const matrix = faultMatrix('kill -9 at a system call');

const zipsIn = (names: readonly string[]): string[] =>
  names.filter((name) => /^dhash_.*\.zip$/.test(name)).sort();

// Each kind of call that changes the disk or makes a change durable; the write of a byte is a change too.
it.each([
  'link,linkat',
  'rename,renameat,renameat2',
  'unlink,unlinkat,rmdir',
  'fsync,fdatasync',
  'pwrite64,pwritev,pwritev2',
  'mkdir,mkdirat',
])(
  'leaves a whole backup or none when it is killed at any %s',
  { timeout: 300_000 },
  async (calls) => {
    const sample = await makeSample(await tempFolder());
    const first = await backUpSample(sample, { now: () => FIRST_MS });
    const bytes = await readFile(first.file);
    const kept = join(sample.root, 'kept');
    await cp(sample.dir, kept, { recursive: true });
    const killAt = async (when: number): Promise<'killed' | 'finished'> => {
      await rm(sample.dir, { recursive: true, force: true });
      if (calls !== 'mkdir,mkdirat') await cp(kept, sample.dir, { recursive: true });
      const injection = { calls, fault: 'signal=KILL', when: String(when) };
      const end = backUpUnderStrace(sample, FIRST_MS + HOUR_MS, injection);
      const zips = zipsIn(await readdir(sample.dir).catch(() => []));
      for (const zip of zips) await verifyBackup(join(sample.dir, zip));
      if (calls !== 'mkdir,mkdirat') expect((await readFile(first.file)).equals(bytes)).toBe(true);
      // The next run takes away what the killed one left, and no backup.
      const next = await backUpSample(sample, { now: () => FIRST_MS + 2 * HOUR_MS });
      await verifyBackup(next.file);
      const names = await readdir(sample.dir);
      expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
      expect(zipsIn(names)).toEqual([...zips, next.file.split('/').at(-1)]);
      const beside = names.filter((name) => name.endsWith('.sha256')).sort();
      expect(beside).toEqual(zipsIn(names).map((zip) => `${zip}.sha256`));
      if (end === null) return 'killed';
      expect(end).toMatchObject({ end: 'backup', incomplete: [] });
      return 'finished';
    };
    let killed = 0;
    while ((await matrix.try(() => killAt(killed + 1))) === 'killed') killed += 1;
    // Without a kill the call would be none that a backup makes.
    expect(killed).toBeGreaterThan(0);
  },
);
