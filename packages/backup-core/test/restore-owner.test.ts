import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { stageRestore, swapIn } from '../src/index.ts';
import { backUpSample, makeSample } from './support/sample.ts';

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const isRoot = own.uid === 0;
/** Without root nobody can give a file away: then all stays with whoever runs this. */
const service = isRoot ? { uid: 12_345, gid: 23_456 } : own;

const ownersIn = async (folder: string): Promise<Set<string>> => {
  const below = await readdir(folder, { recursive: true });
  const all = await Promise.all(['', ...below].map((name) => lstat(join(folder, name))));
  return new Set(all.map(({ uid, gid }) => `${uid}:${gid}`));
};

it('what root restores belongs to whom it belonged: files, folders, links, the database', async () => {
  const sample = await makeSample(await tempFolder());
  const live = join(sample.root, 'live');
  execFileSync('chown', ['-hR', `${service.uid}:${service.gid}`, live]);
  const { file } = await backUpSample(sample);
  if (isRoot) execFileSync('chown', ['-hR', '0:0', live]);
  const { targets } = await stageRestore(file, { id: 'owned', targets: sample.sources });
  await swapIn(targets);
  const owner = `${service.uid}:${service.gid}`;
  expect(await ownersIn(sample.images)).toEqual(new Set([owner]));
  expect(await lstat(sample.library)).toMatchObject(service);
  // What was live keeps its own.
  const [target] = targets;
  if (target?.type !== 'files') throw new Error('the sample begins with files');
  expect(await ownersIn(target.previous)).toEqual(new Set([`${own.uid}:${own.gid}`]));
});

it('where nothing was live, it belongs to whoever restores', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  const fresh = join(sample.root, 'fresh');
  await mkdir(fresh);
  const elsewhere = sample.sources.map((source) =>
    'path' in source ? { ...source, path: join(fresh, source.name) } : source,
  );
  const { targets } = await stageRestore(file, { id: 'fresh', targets: elsewhere });
  await swapIn(targets);
  expect(await ownersIn(fresh)).toEqual(new Set([`${own.uid}:${own.gid}`]));
});
