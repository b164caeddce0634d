import {
  appendFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { restorePart } from '../src/index.ts';
import { backUpSample, makeSample } from './support/sample.ts';

const setUp = async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  const { file } = await backUpSample(sample);
  return { root, sample, file, to: join(root, 'new', 'folder') };
};

it.each([
  { only: 'images', path: 'images', files: 4, has: ['best', 'cards', 'nothing', 'umläut.txt'] },
  { only: 'images/cards', path: 'cards', files: 2, has: ['ace.json', 'empty', 'king.jpg'] },
  { only: 'images/cards/', path: 'cards', files: 2, has: ['ace.json', 'empty', 'king.jpg'] },
  { only: 'images/cards/empty', path: 'empty', files: 0, has: [] },
])('brings the folder $only back, and nothing else', async ({ only, path, files, has }) => {
  const { file, to, sample } = await setUp();
  const restored = await restorePart(file, { only, to });
  expect(restored).toMatchObject({ path: join(to, path), files });
  expect(await readdir(to)).toEqual([path]);
  expect((await readdir(restored.path)).sort()).toEqual(has);
  if (only === 'images') {
    expect(await readlink(join(to, 'images', 'best'))).toBe('cards/ace.json');
    const king = join('cards', 'king.jpg');
    expect(await readFile(join(to, 'images', king))).toEqual(
      await readFile(join(sample.images, king)),
    );
  }
});

it.each(['images/cards/ace.json', 'images/umläut.txt', 'images/best'])(
  'brings the one file %s back',
  async (only) => {
    const { file, to, sample } = await setUp();
    const { path } = await restorePart(file, { only, to });
    const live = join(sample.images, only.slice('images/'.length));
    expect(path).toBe(join(to, only.split('/').at(-1) ?? ''));
    expect((await lstat(path)).isSymbolicLink()).toBe(only === 'images/best');
    if (only === 'images/best') return;
    expect(await readFile(path)).toEqual(await readFile(live));
    expect(Math.floor((await stat(path)).mtimeMs)).toBe(Math.floor((await stat(live)).mtimeMs));
    expect(await readdir(to)).toHaveLength(1);
  },
);

it.each(['library', 'library/library.db'])('brings the database %s back', async (only) => {
  const { file, to } = await setUp();
  const { path } = await restorePart(file, { only, to });
  expect(path).toBe(join(to, 'library.db'));
  const db = new DatabaseSync(path, { readOnly: true });
  expect(db.prepare('SELECT count(*) AS rows FROM hashes').get()).toEqual({ rows: 300 });
  db.close();
});

it.each([
  {
    only: 'pictures',
    code: 'not-found',
    message: /holds no source "pictures"; it holds images, library/,
  },
  { only: 'images/card', code: 'not-found', message: /holds no images\/card/ },
  { only: 'images/../library', code: 'not-found', message: /holds no/ },
  { only: '', code: 'not-found', message: /holds no source ""/ },
])('refuses $only, having written nothing', async ({ only, code, message }) => {
  const { root, file, to } = await setUp();
  await expect(restorePart(file, { only, to })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
  expect(await readdir(root)).not.toContain('new');
});

it('never touches what the folder holds already', async () => {
  const { file, to } = await setUp();
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'library.db'), 'mine');
  await expect(restorePart(file, { only: 'library', to })).rejects.toMatchObject({
    code: 'swap-conflict',
  });
  expect(await readFile(join(to, 'library.db'), 'utf8')).toBe('mine');
  expect(await readdir(to)).toEqual(['library.db']);
  await restorePart(file, { only: 'images/cards', to });
  expect((await readdir(to)).sort()).toEqual(['cards', 'library.db']);
});

it('writes nothing of a backup that is damaged elsewhere', async () => {
  const { root, file, to } = await setUp();
  const bytes = await readFile(file);
  // In the picture, which is stored: the database, which is asked for, is untouched.
  const at = bytes.indexOf(Buffer.from('king.jpg')) + 40_000;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await expect(restorePart(file, { only: 'library', to })).rejects.toMatchObject({
    code: 'sidecar-mismatch',
  });
  await appendFile(file, 'x');
  await expect(restorePart(file, { only: 'library', to })).rejects.toMatchObject({
    code: 'bad-archive',
  });
  expect(await readdir(root)).not.toContain('new');
});

it.each(['verify', 'stage'] as const)('leaves nothing behind when aborted in %s', async (phase) => {
  const { root, file, to } = await setUp();
  const abort = new AbortController();
  const stopped = restorePart(file, {
    only: 'images',
    to,
    signal: abort.signal,
    onProgress: (progress) => {
      if (progress.phase === phase) abort.abort(new Error('stopped'));
    },
  });
  await expect(stopped).rejects.toThrow('stopped');
  expect(await readdir(root)).not.toContain('new');
});
