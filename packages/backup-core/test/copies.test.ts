import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import {
  copyBackup,
  fetchBackup,
  type Rclone,
  readCopies,
  recordCopy,
  remoteProblem,
  rescueNameOf,
  verifyBackup,
} from '../src/index.ts';
import { backUpSample, makeSample } from './support/sample.ts';

/** Real rclone, with a remote `far:` that is a plain folder. */
const rcloneTo =
  (folder: string): Rclone =>
  (args, signal) =>
    new Promise((resolve, reject) => {
      const child = spawn('rclone', args, {
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          RCLONE_CONFIG: join(folder, 'none.conf'),
          RCLONE_CONFIG_FAR_TYPE: 'alias',
          RCLONE_CONFIG_FAR_REMOTE: folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(signal === undefined ? {} : { signal }),
      });
      let stdout = '';
      let output = '';
      child.stdout.on('data', (text) => {
        stdout += text;
      });
      child.stderr.on('data', (text) => {
        output += text;
      });
      child.once('error', reject);
      child.once('close', (exit) => resolve({ exit, stdout, output }));
    });

const copied = async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  const report = await backUpSample(sample);
  const far = join(root, 'far');
  await mkdir(far);
  return { root, report, far, rclone: rcloneTo(far) };
};

it('copies zip, sidecar and rescue script through rclone, and fetches a copy that verifies', async () => {
  const { root, report, far, rclone } = await copied();
  const result = await copyBackup(report.file, 'rclone:far:shop/backups', { rclone });
  expect(result).toEqual({ sha256: report.sha256, bytes: report.bytes });
  const name = basename(report.file);
  expect((await readdir(join(far, 'shop', 'backups'))).sort()).toEqual(
    [rescueNameOf(name), name, `${name}.sha256`].sort(),
  );
  const address = `rclone:far:shop/backups/${name}`;
  const fetched = await fetchBackup(address, join(root, 'fetched'), { rclone });
  expect((await verifyBackup(fetched)).sha256).toBe(report.sha256);
});

it('mends a copy that is damaged there, and leaves a whole one alone', async () => {
  const { report, far, rclone } = await copied();
  const sent: string[] = [];
  const counting: Rclone = (args, signal) => {
    if (args[0] === 'copyto') sent.push(basename(args.at(-1) ?? ''));
    return rclone(args, signal);
  };
  await copyBackup(report.file, 'rclone:far:b', { rclone });
  await copyBackup(report.file, 'rclone:far:b', { rclone: counting });
  expect(sent).toHaveLength(2);
  const there = join(far, 'b', basename(report.file));
  const bytes = await readFile(there);
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  await writeFile(there, bytes);
  await copyBackup(report.file, 'rclone:far:b', { rclone });
  expect((await readFile(there)).equals(await readFile(report.file))).toBe(true);
});

it('gives no name to a copy whose bytes changed on their way', async () => {
  const { report, far, rclone } = await copied();
  const damaging: Rclone = async (args, signal) => {
    const end = await rclone(args, signal);
    const uploading = join(far, 'b', `${basename(report.file)}.uploading`);
    if (args[0] === 'copyto' && args.some((arg) => arg.endsWith('.uploading'))) {
      const bytes = await readFile(uploading);
      bytes[50] = (bytes[50] ?? 0) ^ 1;
      await writeFile(uploading, bytes);
    }
    return end;
  };
  await expect(copyBackup(report.file, 'rclone:far:b', { rclone: damaging })).rejects.toMatchObject(
    {
      code: 'copy-failed',
      message: expect.stringContaining('damaged on its way or there'),
    },
  );
  expect(await readdir(join(far, 'b'))).not.toContain(basename(report.file));
  // The next try puts it right.
  await copyBackup(report.file, 'rclone:far:b', { rclone });
  expect((await readdir(join(far, 'b'))).filter((name) => name.endsWith('.uploading'))).toEqual([]);
});

it('says what rclone said where the remote does not exist', async () => {
  const { report, rclone } = await copied();
  await expect(copyBackup(report.file, 'rclone:nowhere:b', { rclone })).rejects.toMatchObject({
    code: 'copy-failed',
    message: expect.stringMatching(/didn't find section|nowhere/),
  });
});

it.each([
  ['far:b', /must be rclone:REMOTE:path/],
  ['rclone:', /must be rclone:REMOTE:path/],
  ['rclone:far:', /its path is missing/],
  ['rclone:--config=/tmp/x:b', /connection string/],
  ['rclone:-far:b', /must be rclone:REMOTE:path/],
  ['rclone::s3,secret_access_key=hunter2:b', /connection string/],
  ['rclone:far,secret_access_key=hunter2:b', /connection string/],
  ['rclone:far:a/../../b', /"\.\." in its path/],
  ['rclone:far:b\n--x', /control character/],
])('refuses %j as a place for copies', async (address, why) => {
  expect(remoteProblem(address)).toMatch(why);
  const failure = copyBackup('/nowhere.zip', address, {
    rclone: () => Promise.reject(new Error('ran')),
  });
  await expect(failure).rejects.toMatchObject({ code: 'bad-option' });
  await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
});

it('fetches only what has the name of a backup', async () => {
  const rclone: Rclone = () => Promise.reject(new Error('ran'));
  await expect(fetchBackup('rclone:far:b/notes.zip', '/tmp', { rclone })).rejects.toMatchObject({
    code: 'bad-option',
  });
});

it('keeps one line for each place in the list of copies', async () => {
  const { report } = await copied();
  const at = '2026-01-31T12:00:00.000Z';
  const failed = {
    to: 'rclone:far:b',
    at,
    sha256: null,
    bytes: null,
    state: 'failed',
    problem: 'x',
  } as const;
  await recordCopy(report.file, failed);
  await recordCopy(report.file, { ...failed, to: 'rclone:far:c' });
  const whole = {
    to: 'rclone:far:b',
    at,
    sha256: report.sha256,
    bytes: 1,
    state: 'verified',
  } as const;
  await recordCopy(report.file, whole);
  expect(await readCopies(report.file)).toEqual([{ ...failed, to: 'rclone:far:c' }, whole]);
  await writeFile(`${report.file}.copies.json`, '{');
  expect(await readCopies(report.file)).toEqual([]);
});

it('says that a copy is not there, and what is', async () => {
  const { root, report, rclone } = await copied();
  await copyBackup(report.file, 'rclone:far:b', { rclone });
  const name = 'dhash_20200101T000000Z_production.zip';
  for (const folder of ['b', 'none'])
    await expect(
      fetchBackup(`rclone:far:${folder}/${name}`, join(root, 'fetched'), { rclone }),
    ).rejects.toMatchObject({
      code: 'copy-failed',
      message: `there is no rclone:far:${folder}/${name}: nothing was fetched. What there is: rclone lsf far:${folder}/`,
    });
  expect(await readdir(join(root, 'fetched'))).toEqual([]);
});

it('fetches nothing that does not fit, and says how much room it needs', async () => {
  const { root, report, far, rclone } = await copied();
  const name = basename(report.file);
  const { bavail, bsize } = await statfs(root);
  await mkdir(join(far, 'b'));
  await writeFile(join(far, 'b', name), '');
  // Takes no room itself: it is a hole.
  await truncate(join(far, 'b', name), 2 * bavail * bsize);
  // Nor would whoever searches what tests leave behind get through it.
  onTestFinished(() => rm(join(far, 'b', name)));
  const looking: Rclone = (args, signal) =>
    args[0] === 'lsf' ? rclone(args, signal) : Promise.reject(new Error('fetched'));
  const folder = join(root, 'fetched');
  await expect(
    fetchBackup(`rclone:far:b/${name}`, folder, { rclone: looking }),
  ).rejects.toMatchObject({
    code: 'no-space',
    message: expect.stringMatching(/needs [\d.,]+ MB, [\d.,]+ MB free in .*: nothing was fetched/),
  });
  expect(await readdir(folder)).toEqual([]);
});

it('fetches a copy whose size the store does not say, and tells that it could not look for room', async () => {
  const { root, report, rclone } = await copied();
  await copyBackup(report.file, 'rclone:far:b', { rclone });
  // As rclone lists what has no length, a document that the store makes when it is asked for.
  const unsized: Rclone = (args, signal) =>
    args[0] === 'lsf'
      ? Promise.resolve({ exit: 0, stdout: '-1\n', output: '' })
      : rclone(args, signal);
  const free: number[] = [];
  const file = await fetchBackup(`rclone:far:b/${basename(report.file)}`, join(root, 'fetched'), {
    rclone: unsized,
    onUnknownSize: (bytes) => free.push(bytes),
  });
  await expect(verifyBackup(file)).resolves.toMatchObject({ sha256: report.sha256 });
  expect(free).toEqual([expect.any(Number)]);
});
