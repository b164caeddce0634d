import { spawnSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import {
  compareData,
  readManifest,
  recordSummary,
  restorePart,
  surveyBackups,
  verifyBackup,
} from '../src/index.ts';
import type { KeepingJob } from './support/keeping-worker.ts';
import { AT_MS, backUpSample, makeSample, type Sample } from './support/sample.ts';

const WORKER = fileURLToPath(new URL('./support/keeping-worker.ts', import.meta.url));

/** Runs the work in a process of its own; true where it came to its end before the fault point. */
const runKilled = async (folder: string, job: KeepingJob): Promise<boolean> => {
  const file = join(folder, 'job.json');
  await writeFile(file, JSON.stringify(job));
  const { signal, status, stderr } = spawnSync(process.execPath, ['--no-warnings', WORKER, file], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (signal === 'SIGKILL') return false;
  if (status !== 0) throw new Error(`the child failed: ${stderr}`);
  return true;
};

const backUp = async (sample: Sample, minute: number): Promise<string> => {
  const { file } = await backUpSample(sample, { now: () => AT_MS + minute * 60_000 });
  await recordSummary(sample.dir, await verifyBackup(file), { now: Date.now });
  return basename(file);
};

/** Zips, each of which verifies. */
const wholeZips = async (dir: string): Promise<string[]> => {
  const zips = (await readdir(dir)).filter((name) => /^dhash_.*\.zip$/.test(name)).sort();
  for (const zip of zips) await verifyBackup(join(dir, zip));
  return zips;
};

it('a prune that is killed before any change leaves only whole pairs, and the next backup cleans up', async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  for (let killAt = 1; ; killAt += 1) {
    await rm(sample.dir, { recursive: true, force: true });
    const names = [await backUp(sample, 1), await backUp(sample, 2)];
    const newest = await backUp(sample, 3);
    const finished = await runKilled(root, {
      work: 'prune',
      killAt,
      dir: sample.dir,
      names,
      to: '',
    });
    const zips = await wholeZips(sample.dir);
    expect(zips).toContain(newest);
    if (finished) {
      expect(zips).toEqual([newest]);
      expect(killAt).toBeGreaterThan(8);
      return;
    }
    const next = await backUp(sample, 4);
    for (const name of await readdir(sample.dir))
      expect([...zips, next]).toContain(name.replace(/\.zip\..*$|\.rescue\.sh$/, '.zip'));
  }
});

it('a summary is whole or not there, and the backup stands whatever happens to it', async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  const { file } = await backUpSample(sample);
  const names = [basename(file)];
  for (let killAt = 1; ; killAt += 1) {
    await rm(`${file}.summary.json`, { force: true });
    const finished = await runKilled(root, {
      work: 'summary',
      killAt,
      dir: sample.dir,
      names,
      to: '',
    });
    const survey = { service: 'dhash', env: 'production', maxShrink: 0.5 };
    const [found] = await surveyBackups(sample.dir, survey);
    expect(found).toMatchObject({ unusable: null, summary: { entries: 5 } });
    if (!finished) continue;
    expect(found?.summary?.verifiedAt).not.toBeNull();
    expect(killAt).toBeGreaterThan(3);
    return;
  }
});

it('a restore of one thing brings it whole or not at all, and the next one cleans up', async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  const { file } = await backUpSample(sample);
  const manifest = await readManifest(file);
  const to = join(root, 'to');
  const path = join(to, 'images');
  const same = async () => {
    const found = await compareData(manifest, [
      { name: 'images', type: 'files', path },
      ...sample.sources.slice(1),
    ]);
    expect(found.files).toMatchObject({
      added: { count: 0 },
      changed: { count: 0 },
      removed: { count: 0 },
    });
  };
  let points = 0;
  for (let killAt = 1; ; killAt += 1) {
    await rm(to, { recursive: true, force: true });
    const job: KeepingJob = {
      work: 'restore',
      killAt,
      dir: sample.dir,
      names: [basename(file)],
      to,
    };
    const finished = await runKilled(root, job);
    const there = await readdir(to).catch((): string[] => []);
    if (there.includes('images')) await same();
    else await restorePart(file, { only: 'images', to });
    if (finished) break;
    points += 1;
    if (!there.includes('images')) expect(await readdir(to)).toEqual(['images']);
  }
  await same();
  expect(points).toBeGreaterThan(15);
});
