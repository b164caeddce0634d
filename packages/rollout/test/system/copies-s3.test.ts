import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startS3Server } from '@dhash/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import { filesProject } from '../backup/files-project.ts';
import { useFarStore } from './far-remote.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}T12:00:00Z`;
const env = ['--env', 'production'];
const to = 'rclone:far:bucket/shop';

const storedProject = async () => {
  const store = await startS3Server();
  useFarStore(store.url);
  const project = await filesProject({ backup: `{ copies: [{ to: "${to}" }] }` });
  // More than one chunk on the line, so that there is a middle of an upload.
  await writeFile(join(project.root, 'data', 'files', 'noise.bin'), randomBytes(4_000_000));
  /** Names of the zips in the store. */
  const zips = () =>
    [...store.objects.keys()].filter((key) => key.endsWith('.zip')).map((key) => key.slice(12));
  return { store, project, zips };
};

it('copies to an S3 store, reads back from there, and fetches by address', async () => {
  const { store, project, zips } = await storedProject();
  const name = await project.backUp(day(1));
  expect([...store.objects.keys()].sort()).toEqual(
    [name.replace('.zip', '.rescue.sh'), name, `${name}.sha256`]
      .map((each) => `bucket/shop/${each}`)
      .sort(),
  );
  expect(zips()).toEqual([name]);
  const stored = store.objects.get(`bucket/shop/${name}`)?.bytes;
  expect(stored).toEqual(await readFile(join(project.backups, name)));
  const verified = await project.run(day(2), 'backup', '--verify', `${to}/${name}`);
  expect(verified.exit, verified.err).toBe(0);
});

/** Uploads of more than this go in parts; rclone's own default is 200 MiB, which no test moves. */
const inParts = () => {
  vi.stubEnv('RCLONE_S3_UPLOAD_CUTOFF', '5M');
  vi.stubEnv('RCLONE_S3_CHUNK_SIZE', '5M');
};

it('copies in parts what is larger than rclone uploads in one piece', async () => {
  const { store, project } = await storedProject();
  await writeFile(join(project.root, 'data', 'files', 'large.bin'), randomBytes(12_000_000));
  inParts();
  const name = await project.backUp(day(1));
  const stored = store.objects.get(`bucket/shop/${name}`);
  expect(stored?.etag).toMatch(/-4"$/);
  expect(stored?.bytes).toEqual(await readFile(join(project.backups, name)));
  const verified = await project.run(day(2), 'backup', '--verify', `${to}/${name}`);
  expect(verified.exit, verified.err).toBe(0);
});

it('a part that rots on its way: the copy has no name, the next attempt makes it', async () => {
  const { store, project, zips } = await storedProject();
  await writeFile(join(project.root, 'data', 'files', 'large.bin'), randomBytes(12_000_000));
  inParts();
  store.spoil({ kind: 'rot', key: /\.zip\.uploading$/ });
  const taken = (await project.events(day(1), 'backup', ...env)).at(-1);
  expect(taken).toMatchObject({ exit: 0, copies: [{ to, state: 'failed' }] });
  expect(zips()).toEqual([]);
  expect(store.openUploads()).toBe(0);

  store.spoil(null);
  const again = await project.run(day(2), 'backup', '--copy', String(taken?.['file']));
  expect(again.exit, again.err).toBe(0);
  expect(zips()).toEqual([taken?.['name']]);
});

it.each([
  { kind: 'error', what: 'answers 500 in the middle of an upload', says: /InternalError|500/ },
  { kind: 'cut', what: 'ends the connection in the middle of an upload', says: /rclone exit \d/ },
  { kind: 'rot', what: 'keeps other bytes than it says', says: /damaged on its way or there/ },
] as const)(
  'a store that $what: the backup stands, the next run makes the copy',
  async ({ kind, says }) => {
    const { store, project, zips } = await storedProject();
    store.spoil({ kind, key: /\.zip\.uploading$/ });
    const taken = await project.events(day(1), 'backup', ...env);
    expect(taken.at(-1)).toMatchObject({
      exit: 0,
      copies: [{ to, state: 'failed', problem: expect.stringMatching(says) }],
    });
    expect(zips()).toEqual([]);

    store.spoil(null);
    const next = await project.events(day(2), 'backup', ...env);
    expect(next.at(-1)).toMatchObject({
      exit: 0,
      copies: [{ state: 'verified' }, { state: 'verified' }],
    });
    const kept = (await readdir(project.backups)).filter((name) => name.endsWith('.zip'));
    expect(zips().sort()).toEqual(kept.sort());
    expect([...store.objects.keys()].filter((key) => key.endsWith('.uploading'))).toEqual([]);
    for (const name of kept)
      expect(store.objects.get(`bucket/shop/${name}`)?.bytes).toEqual(
        await readFile(join(project.backups, name)),
      );
  },
);

it('a store that is down: the backup stands, and a fetch says so', async () => {
  const { store, project } = await storedProject();
  await store.close();
  const taken = await project.events(day(1), 'backup', ...env);
  expect(taken.at(-1)).toMatchObject({
    exit: 0,
    copies: [{ to, state: 'failed', problem: expect.stringContaining('connection refused') }],
  });
  const address = `${to}/${String(taken.at(-1)?.['name'])}`;
  const verified = await project.run(day(1), 'backup', '--verify', address);
  expect(verified).toMatchObject({ exit: 1, err: expect.stringContaining('connection refused') });
});
