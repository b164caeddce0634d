import { closeSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import {
  compareData,
  discardWork,
  type Progress,
  proveRestored,
  stageRestore,
  swapBack,
  swapIn,
} from '../src/index.ts';
import { openBackup } from '../src/read-backup.ts';
import { backUpSample, makeSample } from './support/sample.ts';

it('stages beside the live data, swaps, proves, and swaps back', async () => {
  const sample = await makeSample(await tempFolder());
  await chmod(join(sample.images, 'cards'), 0o750);
  const { file, manifest } = await backUpSample(sample);
  await writeFile(join(sample.images, 'cards', 'ace.json'), 'changed');
  await writeFile(join(sample.images, 'new.txt'), 'new');
  await rm(join(sample.images, 'nothing'));
  const db = new DatabaseSync(sample.library);
  db.exec("INSERT INTO hashes (hash) VALUES ('after'); DELETE FROM queue");

  const difference = await compareData(manifest, sample.sources);
  expect(difference).toEqual({
    files: {
      added: { count: 1, names: ['images/new.txt'] },
      changed: { count: 1, names: ['images/cards/ace.json'] },
      removed: { count: 1, names: ['images/nothing'] },
    },
    tables: [
      { source: 'library', table: 'hashes', before: 300, after: 301 },
      { source: 'library', table: 'queue', before: 2, after: 0 },
    ],
  });

  const staged = await stageRestore(file, { id: 'run-1', targets: sample.sources });
  const [first] = staged.targets;
  const work = first?.type === 'files' ? first.work : '';
  expect((await stat(work)).mode & 0o777).toBe(0o700);
  expect(await readFile(join(sample.images, 'new.txt'), 'utf8')).toBe('new');
  await expect(proveRestored(manifest, sample.sources)).rejects.toMatchObject({
    code: 'restored-data-differs',
  });
  db.close();

  await swapIn(staged.targets);
  expect(await proveRestored(manifest, sample.sources)).toMatchObject({
    files: 5,
    tables: { library: { hashes: 300, queue: 2 } },
  });
  expect(await readlink(join(sample.images, 'best'))).toBe('cards/ace.json');
  expect((await stat(join(sample.images, 'cards'))).mode & 0o777).toBe(0o750);
  expect(await readdir(join(sample.images, 'cards', 'empty'))).toEqual([]);
  const [images, library] = staged.targets;
  expect(await readFile(join(images?.previous ?? '', 'new.txt'), 'utf8')).toBe('new');

  // What was put aside is compared where it lies, with its log.
  const aside = [
    { name: 'images', type: 'files', path: images?.previous ?? '' },
    { name: 'library', type: 'sqlite', path: library?.previous ?? '' },
  ] as const;
  expect(await compareData(manifest, aside)).toEqual(difference);

  await swapBack(staged.targets);
  expect(await compareData(manifest, sample.sources)).toEqual(difference);
  await discardWork(staged.targets);
  expect((await readdir(join(sample.root, 'live'))).sort()).toEqual(['images', 'library.db']);
});

it('keeps rows that are only in the log when it swaps and swaps back', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  const holder = new DatabaseSync(sample.library);
  holder.exec("PRAGMA wal_autocheckpoint = 0; INSERT INTO hashes (hash) VALUES ('in the log')");
  const log = await readFile(`${sample.library}-wal`);
  expect(log.length).toBeGreaterThan(0);
  const staged = await stageRestore(file, { id: 'a', targets: sample.sources });
  await swapIn(staged.targets);
  expect(await readdir(join(sample.root, 'live'))).not.toContain('library.db-wal');
  await swapBack(staged.targets);
  expect(await readFile(`${sample.library}-wal`)).toEqual(log);
  holder.close();
  const db = new DatabaseSync(sample.library);
  expect(db.prepare('SELECT count(*) AS n FROM hashes').get()).toEqual({ n: 301 });
  db.close();
});

it('goes back to no data where there was none', async () => {
  const sample = await makeSample(await tempFolder());
  const { file, manifest } = await backUpSample(sample);
  await rm(join(sample.root, 'live'), { recursive: true });
  await mkdir(join(sample.root, 'live'));
  const staged = await stageRestore(file, { id: 'a', targets: sample.sources });
  await swapIn(staged.targets);
  await swapIn(staged.targets);
  await proveRestored(manifest, sample.sources);
  await swapBack(staged.targets);
  await swapBack(staged.targets);
  expect(await readdir(join(sample.root, 'live'))).toEqual(['.dhash-restore-a']);
  await swapIn(staged.targets);
  await proveRestored(manifest, sample.sources);
});

it.each([
  {
    what: 'a missing file',
    spoil: (images: string) => rm(join(images, 'nothing')),
    says: 'images/nothing: missing',
  },
  {
    what: 'an extra file',
    spoil: (images: string) => writeFile(join(images, 'extra'), ''),
    says: 'images/extra: not in the backup',
  },
  {
    what: 'a link to elsewhere',
    spoil: async (images: string) => {
      await rm(join(images, 'best'));
      await symlink('nothing', join(images, 'best'));
    },
    says: 'images/best: another content',
  },
  {
    what: 'the log of another database',
    spoil: (images: string) => writeFile(join(images, '..', 'library.db-wal'), 'x'),
    says: 'library.db-wal lies beside it',
  },
])('does not call data restored with $what', async ({ spoil, says }) => {
  const sample = await makeSample(await tempFolder());
  const { file, manifest } = await backUpSample(sample);
  const staged = await stageRestore(file, { id: 'a', targets: sample.sources });
  await swapIn(staged.targets);
  await spoil(sample.images);
  await expect(proveRestored(manifest, sample.sources)).rejects.toMatchObject({
    code: 'restored-data-differs',
    message: expect.stringContaining(says),
  });
});

/** Does something once all of a backup was checked, and nothing of it restored. */
const onceVerified = (meddle: () => void) => ({
  onProgress: ({ phase, entries, totalEntries }: Progress) => {
    if (phase === 'verify' && entries === totalEntries) meddle();
  },
});

it.each([
  { what: 'rotted', path: 'images/cards/king.jpg', flip: [1] },
  // A multiple of CRC-32's polynomial: the CRC of these bytes is what it was.
  {
    what: 'was forged',
    path: 'images/cards/king.jpg',
    flip: [0x41, 0x06, 0x71, 0xdb, 0x01],
    says: 'it changed between its check and its restore',
  },
  { what: 'of a database rotted', path: 'library/library.db', flip: [1] },
])('stages nothing of a backup of which a part $what after its check', async (rotten) => {
  const sample = await makeSample(await tempFolder());
  // Larger than what is read together with the entries before it, and is restored as it was checked.
  const library = new DatabaseSync(sample.library);
  library.exec('CREATE TABLE noise AS SELECT randomblob(50000) AS bytes');
  library.close();
  const { file, manifest } = await backUpSample(sample);
  const { path, flip, says = path } = rotten;
  const at = await openBackup(file, async ({ files }) => {
    const entry = [...files].find(({ line }) => line.path === path)?.entry;
    if (entry === undefined) throw new Error(`the sample has no ${path}`);
    return entry.dataAt + entry.packedBytes - 100;
  });
  const before = await readdir(sample.root, { recursive: true });
  const spoil = onceVerified(() => {
    const handle = openSync(file, 'r+');
    const bytes = Buffer.alloc(flip.length);
    readSync(handle, bytes, 0, flip.length, at);
    writeSync(handle, Buffer.from(flip.map((bits, i) => bits ^ (bytes[i] ?? 0))), 0, null, at);
    closeSync(handle);
  });
  await expect(
    stageRestore(file, { id: 'a', targets: sample.sources, ...spoil }),
  ).rejects.toMatchObject({
    code: 'bad-archive',
    rule: 11,
    entry: path,
    message: expect.stringContaining(says),
  });
  expect(await readdir(sample.root, { recursive: true })).toEqual(before);
  await proveRestored(manifest, sample.sources);
});

it('restores what was checked, though another file took the name of the backup since', async () => {
  const sample = await makeSample(await tempFolder());
  const { file, manifest, sha256 } = await backUpSample(sample);
  await writeFile(join(sample.images, 'nothing'), 'something');
  const later = await backUpSample(sample);
  await copyFile(later.file, `${file}.new`);
  const staged = await stageRestore(file, {
    id: 'a',
    targets: sample.sources,
    ...onceVerified(() => renameSync(`${file}.new`, file)),
  });
  expect(staged.sha256).toBe(sha256);
  await swapIn(staged.targets);
  await proveRestored(manifest, sample.sources);
});

it('stages nothing of a backup that does not verify or does not fit', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  const live = join(sample.root, 'live');
  const before = await readdir(live);
  const [images, library] = sample.sources;
  if (images?.type !== 'files' || library?.type !== 'sqlite')
    throw new Error('the sample has two sources');
  await expect(stageRestore(file, { id: 'a', targets: [images] })).rejects.toMatchObject({
    code: 'not-restorable',
    message: expect.stringContaining('"library", which has no place'),
  });
  await expect(
    stageRestore(file, { id: 'a', targets: [images, { ...library, type: 'files' }] }),
  ).rejects.toMatchObject({ code: 'not-restorable' });
  await expect(stageRestore(file, { id: '../a', targets: sample.sources })).rejects.toMatchObject({
    code: 'bad-option',
  });
  const bytes = await readFile(file);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await expect(stageRestore(file, { id: 'a', targets: sample.sources })).rejects.toMatchObject({
    name: 'BackupError',
  });
  expect(await readdir(live)).toEqual(before);
});

it('brings files back whose names are not portable, links and modes', async () => {
  const root = await tempFolder();
  const folder = join(root, 'odd');
  await mkdir(join(folder, 'in'), { recursive: true });
  const names = [
    '12:30.jpg',
    'Card.png',
    'card.png',
    'cafe\u0301.txt',
    'con',
    'in/dot.',
    '~n',
    'back\\slash',
  ];
  for (const name of names) await writeFile(join(folder, name), name);
  const bytes = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff, 0xfe])]);
  await writeFile(bytes, 'not UTF-8');
  await chmod(join(folder, 'Card.png'), 0o755);
  await symlink('../con', join(folder, 'in', 'up'));
  const sources = [{ name: 'odd', type: 'files', path: folder }] as const;
  const sample = {
    ...(await makeSample(join(root, 'other'))),
    root,
    dir: join(root, 'b'),
    sources,
  };
  const { file, manifest } = await backUpSample(sample);
  const stored = manifest.entries.filter(({ path }) => path.startsWith('odd/~n/'));
  expect(
    stored.map(({ name }) => Buffer.from(name ?? '', 'base64').toString('latin1')).sort(),
  ).toEqual(
    [
      '12:30.jpg',
      'cafe\u00cc\u0081.txt',
      'card.png',
      'con',
      'f\u00ff\u00fe',
      'in/dot.',
      '~n',
      'back\\slash',
    ].sort(),
  );
  expect(manifest.entries.map(({ path }) => path)).toContain('odd/Card.png');
  await rm(folder, { recursive: true });
  const staged = await stageRestore(file, { id: 'a', targets: sources });
  await swapIn(staged.targets);
  await proveRestored(manifest, sources);
  expect((await readdir(folder)).length).toBe(9);
  expect((await stat(join(folder, 'Card.png'))).mode & 0o777).toBe(0o755);
  expect(await readFile(bytes, 'utf8')).toBe('not UTF-8');
});
