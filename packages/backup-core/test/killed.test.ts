import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import {
  proveRestored,
  rescueNameOf,
  stageRestore,
  swapBack,
  swapIn,
  verifyBackup,
} from '../src/index.ts';
import type { KilledJob } from './support/killed-worker.ts';
import { AT_MS, backUpSample, makeSample, type Sample } from './support/sample.ts';

const WORKER = fileURLToPath(new URL('./support/killed-worker.ts', import.meta.url));

/** Runs the work in a process of its own; true where it came to its end before the fault point. */
const runKilled = async (folder: string, job: KilledJob): Promise<boolean> => {
  const file = join(folder, 'job.json');
  await writeFile(file, JSON.stringify(job));
  const { signal, status, stderr } = spawnSync(process.execPath, ['--no-warnings', WORKER, file], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (signal === 'SIGKILL') return false;
  if (status !== 0) throw new Error(`the child failed: ${stderr}`);
  return true;
};

it('leaves a whole backup or none when it is killed before any change, and the next run cleans up', {
  timeout: 360_000,
}, async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  let points = 0;
  let published = 0;
  for (let killAt = 1; ; killAt++) {
    await rm(sample.dir, { recursive: true, force: true });
    const finished = await runKilled(root, { work: 'backup', killAt, sample, targets: [] });
    const names = await readdir(sample.dir).catch(() => []);
    const zips = names.filter((name) => name.startsWith('dhash_') && name.endsWith('.zip'));
    for (const zip of zips) await verifyBackup(join(sample.dir, zip));
    published += zips.length;
    if (finished) break;
    points += 1;
    // What a dead process of this very id left can't be told from ours: the child had another id.
    const next = await backUpSample(sample, { now: () => AT_MS + 60_000 });
    const expected = [...zips, next.file.split('/').at(-1) ?? ''];
    const left = (await readdir(sample.dir)).filter((name) => !name.endsWith('.state.json'));
    expect(left.sort()).toEqual(
      expected.flatMap((name) => [name, `${name}.sha256`, rescueNameOf(name)]).sort(),
    );
  }
  expect(points).toBeGreaterThan(15);
  expect(published).toBeGreaterThan(1);
});

const NEW = 301;
const OLD = 302;

/** Rows of the live database with its log, and the text of a live file. */
const liveState = async (sample: Sample): Promise<{ rows: unknown; file: string }> => {
  const copy = join(sample.root, 'look');
  await rm(copy, { recursive: true, force: true });
  await cp(join(sample.root, 'live'), copy, {
    recursive: true,
    filter: (path) => !path.includes('.dhash-'),
  });
  const db = new DatabaseSync(join(copy, 'library.db'));
  const row = db.prepare('SELECT count(*) AS n FROM hashes').get();
  db.close();
  return { rows: row?.['n'], file: await readFile(join(copy, 'images', 'nothing'), 'utf8') };
};

it('rolls a killed swap forward, or back, from every change, and never mixes a database with the log of another', {
  timeout: 240_000,
}, async () => {
  const root = await tempFolder();
  const origin = await makeSample(join(root, 'origin'));
  const db = new DatabaseSync(origin.library);
  db.exec("INSERT INTO hashes (hash) VALUES ('backed up')");
  db.close();
  const { file } = await backUpSample(origin);
  await writeFile(join(origin.images, 'nothing'), 'old');
  // A service that was killed: its last row is only in the log.
  const service = new DatabaseSync(origin.library);
  service.exec("PRAGMA wal_autocheckpoint = 0; INSERT INTO hashes (hash) VALUES ('in the log')");

  const prepared = async (name: string) => {
    const folder = join(root, name);
    await rm(folder, { recursive: true, force: true });
    await cp(join(root, 'origin', 'live'), join(folder, 'live'), { recursive: true });
    const images = join(folder, 'live', 'images');
    const library = join(folder, 'live', 'library.db');
    const sources = [
      { name: 'images', type: 'files', path: images },
      { name: 'library', type: 'sqlite', path: library },
    ] as const;
    const sample: Sample = { root: folder, dir: join(folder, 'b'), images, library, sources };
    const { targets, manifest } = await stageRestore(file, { id: 'k', targets: sources });
    return { sample, targets, manifest };
  };
  const old = { rows: OLD, file: 'old' };
  const restored = { rows: NEW, file: '' };
  let points = 0;
  for (let killAt = 1; ; killAt++) {
    const forward = await prepared('run');
    if (await runKilled(root, { work: 'swapIn', killAt, ...forward })) break;
    points += 1;
    if (killAt % 2 === 0) {
      await swapIn(forward.targets);
      await proveRestored(forward.manifest, forward.sample.sources);
      expect(await liveState(forward.sample)).toEqual(restored);
    }
    await swapBack(forward.targets);
    expect(await liveState(forward.sample)).toEqual(old);
  }
  for (let killAt = 1; ; killAt++) {
    const back = await prepared('run');
    await swapIn(back.targets);
    // The new release opened the restored database and wrote to it before it was found to be bad.
    const opened = new DatabaseSync(back.sample.library);
    opened.exec("PRAGMA wal_autocheckpoint = 0; INSERT INTO hashes (hash) VALUES ('new release')");
    await cp(`${back.sample.library}-wal`, join(root, 'kept-wal'));
    opened.close();
    await cp(join(root, 'kept-wal'), `${back.sample.library}-wal`);
    const finished = await runKilled(root, { work: 'swapBack', killAt, ...back });
    await swapBack(back.targets);
    expect(await liveState(back.sample)).toEqual(old);
    if (finished) break;
    points += 1;
  }
  service.close();
  expect(points).toBeGreaterThan(20);
});
