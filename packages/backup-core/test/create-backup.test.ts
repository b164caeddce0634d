import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { createBackup, readManifest, rescueNameOf, verifyBackup } from '../src/index.ts';
import {
  AT_MS,
  backUpSample,
  backupOptions,
  makeDatabase,
  makeSample,
  noise,
} from './support/sample.ts';

it('backs files and a database up, and what it wrote verifies', async () => {
  const sample = await makeSample(await tempFolder());
  const report = await backUpSample(sample, { tag: 'nightly' });
  expect(report.file).toBe(join(sample.dir, 'dhash_20260131T120000Z_production_nightly.zip'));
  expect(report.incomplete).toEqual([]);
  expect(report.entries).toBe(5);
  // Looking at a database leaves no log beside it.
  expect((await readdir(join(sample.root, 'live'))).sort()).toEqual(['images', 'library.db']);
  expect(report.manifest.entries.map(({ type, path }) => `${type} ${path}`)).toEqual([
    'file images/cards/ace.json',
    'file images/cards/king.jpg',
    'file images/nothing',
    'file images/umläut.txt',
    'file library/library.db',
    'link images/best',
    'dir images/cards/empty',
  ]);
  expect(report.manifest.sources[1]).toMatchObject({
    tables: { hashes: 300, queue: 2 },
    userVersion: 7,
  });
  const verified = await verifyBackup(report.file);
  expect(verified).toMatchObject({ sha256: report.sha256, entries: 5, bytes: report.bytes });
  expect(verified.manifest).toEqual(report.manifest);
  expect(await readManifest(report.file)).toEqual(report.manifest);
  expect(report.manifest.createdAt).toBe(new Date(AT_MS).toISOString());
});

it('writes files that only their owner can read, and a sidecar for sha256sum -c', async () => {
  const sample = await makeSample(await tempFolder());
  const { file, sidecar, sha256 } = await backUpSample(sample);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(sidecar)).mode & 0o777).toBe(0o600);
  expect((await stat(sample.dir)).mode & 0o777).toBe(0o700);
  expect(await readFile(sidecar, 'utf8')).toBe(
    `${sha256}  backups/dhash_20260131T120000Z_production.zip\n`,
  );
  expect((await readdir(sample.dir)).sort()).toEqual([
    rescueNameOf(basename(file)),
    ...['', '.sha256', '.state.json'].map((suffix) => `${basename(file)}${suffix}`),
  ]);
  const check = execFileSync('sha256sum', ['-c', sidecar], { cwd: sample.root, encoding: 'utf8' });
  expect(check).toContain('OK');
});

it('gives the same bytes for the same data, whenever it is made', async () => {
  const sample = await makeSample(await tempFolder());
  const first = await backUpSample(sample);
  const second = await backUpSample(sample, { now: () => AT_MS + 3_600_000 });
  expect(second.file).not.toBe(first.file);
  expect(second.sha256).toBe(first.sha256);
  expect(second.contentRoot).toBe(first.contentRoot);
  await writeFile(join(sample.images, 'nothing'), 'something');
  const third = await backUpSample(sample, { now: () => AT_MS + 7_200_000 });
  expect(third.contentRoot).not.toBe(first.contentRoot);
});

it('takes the next second where the name is taken, and refuses a clock that was set back', async () => {
  const sample = await makeSample(await tempFolder());
  await backUpSample(sample);
  const second = await backUpSample(sample);
  const third = await backUpSample(sample);
  expect(second.file).toContain('T120001Z');
  expect(third.file).toContain('T120002Z');
  await expect(backUpSample(sample, { now: () => AT_MS - 1000 })).rejects.toMatchObject({
    code: 'clock-set-back',
  });
  expect((await readdir(sample.dir)).length).toBe(12);
});

it('writes nothing at all on a dry run, and finds what the real one would', async () => {
  const sample = await makeSample(await tempFolder());
  const dry = await backUpSample(sample, { sink: 'null' });
  await expect(readdir(sample.dir)).rejects.toMatchObject({ code: 'ENOENT' });
  const real = await backUpSample(sample);
  expect(dry.sha256).toBe(real.sha256);
  expect(dry.file).toBe(real.file);
});

it('leaves nothing behind when it is aborted', async () => {
  const sample = await makeSample(await tempFolder());
  await writeFile(join(sample.images, 'large.json'), 'text '.repeat(4_000_000));
  const abort = new AbortController();
  const reason = new Error('Ctrl-C');
  const running = backUpSample(sample, {
    signal: abort.signal,
    onProgress: ({ phase, entry }) => {
      if (phase === 'write' && entry === 'images/large.json') abort.abort(reason);
    },
  });
  await expect(running).rejects.toBe(reason);
  expect(await readdir(sample.dir)).toEqual([]);
});

it.each([
  { what: 'a tag with a slash', change: { tag: 'a/b' }, message: 'tag' },
  {
    what: 'an environment with an underscore',
    change: { env: 'pre_prod' },
    message: 'environment',
  },
  { what: 'no source', change: { sources: [] }, message: 'no source' },
  { what: 'a relative folder', change: { dir: 'backups' }, message: 'absolute' },
  {
    what: 'a source whose name has a slash',
    change: { sources: [{ name: 'a/b', type: 'files', path: '/tmp' }] },
    message: 'source name',
  },
] as const)('refuses $what before it touches anything', async ({ change, message }) => {
  const sample = await makeSample(await tempFolder());
  await expect(backUpSample(sample, change)).rejects.toMatchObject({
    code: 'bad-option',
    message: expect.stringContaining(message),
  });
  await expect(readdir(sample.dir)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('never gives a backup that lacks something the name of one', async () => {
  const sample = await makeSample(await tempFolder());
  const moving = join(sample.images, 'moving.log');
  await writeFile(moving, noise(9 * 2 ** 20));
  let size = 10;
  const report = await createBackup(
    backupOptions(sample, {
      retryDelaysMs: [0, 0],
      onProgress: ({ entry, phase }) => {
        // Each reading of the large file sees it changed.
        if (phase === 'write' && entry === 'images/moving.log')
          execFileSync('touch', ['-d', `@${size++}`, moving]);
      },
    }),
  );
  expect(report.incomplete).toEqual([
    expect.stringContaining('images/moving.log: it changed each'),
  ]);
  expect(report.file).toBe(
    join(sample.dir, 'incomplete', 'incomplete_20260131T120000Z_production.zip'),
  );
  expect(await readFile(`${report.file}.txt`, 'utf8')).toContain('images/moving.log');
  expect(await readdir(sample.dir)).toEqual(['incomplete']);
  expect((await stat(join(sample.dir, 'incomplete'))).mode & 0o777).toBe(0o700);
  await expect(verifyBackup(report.file)).rejects.toMatchObject({ code: 'not-restorable' });
  expect((await readManifest(report.file)).entries.map(({ path }) => path)).not.toContain(
    'images/moving.log',
  );
});

it('reads a large file again that changed once, and takes the archive back before it', async () => {
  const sample = await makeSample(await tempFolder());
  const moving = join(sample.images, 'moving.json');
  await writeFile(moving, 'first '.repeat(2_000_000));
  let changed = false;
  const report = await createBackup(
    backupOptions(sample, {
      retryDelaysMs: [0],
      onProgress: ({ entry, phase }) => {
        if (phase !== 'write' || entry !== 'images/moving.json' || changed) return;
        changed = true;
        execFileSync('sh', ['-c', 'printf "once more" >> "$0"', moving]);
      },
    }),
  );
  expect(changed).toBe(true);
  expect(report.incomplete).toEqual([]);
  await verifyBackup(report.file);
  const line = report.manifest.entries.find(({ path }) => path === 'images/moving.json');
  expect(line).toMatchObject({ size: 'first '.length * 2_000_000 + 'once more'.length });
});

it('says that nothing changed when the folder can not be written', async () => {
  const sample = await makeSample(await tempFolder());
  await writeFile(sample.dir, 'a file where the folder should be');
  await expect(backUpSample(sample)).rejects.toMatchObject({ code: 'write-failed' });
  await chmod(sample.dir, 0o600);
});

it('checks several databases one after the other, so that each new one costs no memory', async () => {
  const root = await tempFolder();
  const names = ['a', 'b', 'c'];
  for (const name of names) await makeDatabase(join(root, `${name}.db`), 2000);
  let checking = 0;
  let most = 0;
  const onWorker = (event: unknown) => {
    const { worker } = event as { worker: Worker };
    checking += 1;
    most = Math.max(most, checking);
    worker.once('message', () => {
      checking -= 1;
    });
  };
  subscribe('worker_threads', onWorker);
  try {
    const sample = await makeSample(root);
    const sources = names.map(
      (name) => ({ name, type: 'sqlite', path: join(root, `${name}.db`) }) as const,
    );
    const { manifest } = await backUpSample(sample, { sources });
    expect(manifest.sources.map(({ tables }) => tables?.['hashes'])).toEqual([2000, 2000, 2000]);
  } finally {
    unsubscribe('worker_threads', onWorker);
  }
  expect(most).toBe(1);
});
