import { execFileSync, spawnSync } from 'node:child_process';
import { link, lstat, mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { beforeEach, expect, it } from 'vitest';
import {
  createBackup,
  discardWork,
  type FilesSource,
  proveRestored,
  restorePart,
  stageRestore,
  swapIn,
  verifyBackup,
} from '../src/index.ts';
import { AT_MS } from './support/sample.ts';

let root: string;
let live: string;
let source: FilesSource;

beforeEach(async () => {
  root = await tempFolder();
  live = join(root, 'live');
  await mkdir(live);
  source = { name: 'site', type: 'files', path: live };
});

const backUp = (from = source) =>
  createBackup({
    ...{ dir: join(root, 'backups'), root, service: 'shop', env: 'production', release: null },
    ...{ migrations: [], sources: [from], tool: { name: 'test', version: '1' }, now: () => AT_MS },
  });

/** Backs up, verifies, damages what is live, restores it and proves it. */
const bringBack = async (damage: () => Promise<unknown>) => {
  const { file, notes } = await backUp();
  await verifyBackup(file);
  await damage();
  const { targets, manifest } = await stageRestore(file, { id: 'r', targets: [source] });
  await swapIn(targets);
  const proof = await proveRestored(manifest, [source]);
  await discardWork(targets);
  return { file, notes, proof };
};

const latin1 = (name: string): Buffer => Buffer.from(`${live}/${name}`, 'latin1');
const modeOf = async (path: string | Buffer): Promise<string> =>
  ((await lstat(path)).mode & 0o7777).toString(8);
const chmod = (mode: string, ...names: string[]) =>
  execFileSync('chmod', [mode, ...names.map((name) => join(live, name))]);

it('brings setuid, setgid and sticky back, and the mode of folders whose names are no keys', async () => {
  for (const name of ['uploads', 'tmp', '__proto__', 'plain']) {
    await mkdir(join(live, name));
    await writeFile(join(live, name, 'f'), name);
  }
  for (const name of ['\xe8', '\xe9']) await mkdir(latin1(name));
  for (const name of ['\xe8', '\xe9']) await writeFile(latin1(`${name}/f`), '');
  chmod('2775', 'uploads');
  chmod('1777', 'tmp');
  chmod('700', '__proto__');
  chmod('4755', 'plain/f');
  const { chmod: change } = await import('node:fs/promises');
  await change(latin1('\xe9'), 0o700);
  const look = async () => [
    ...(await Promise.all(
      ['uploads', 'tmp', '__proto__', 'plain', 'plain/f'].map((name) => modeOf(join(live, name))),
    )),
    await modeOf(latin1('\xe8')),
    await modeOf(latin1('\xe9')),
  ];
  const before = await look();
  const { proof } = await bringBack(async () => execFileSync('chmod', ['-R', '755', live]));
  expect(await look()).toEqual(before);
  expect(before.slice(0, 3)).toEqual(['2775', '1777', '700']);
  expect(proof.notes).toBeUndefined();
});

it.runIf(process.geteuid?.() === 0)(
  'gives each file its own owner back, and proves it',
  async () => {
    await mkdir(join(live, 'mail'));
    for (const name of ['a', 'b', 'mail/c']) await writeFile(join(live, name), name);
    await symlink('a', join(live, 'l'));
    const own = (owner: string, name: string) =>
      execFileSync('chown', ['-h', owner, join(live, name)]);
    own('1000:2000', '');
    own('1001:2000', 'a');
    own('1000:2001', 'mail');
    own('1002:2002', 'l');
    const names = ['', 'a', 'b', 'mail', 'mail/c', 'l'];
    const look = () =>
      Promise.all(
        names.map(async (name) => {
          const { uid, gid } = await lstat(join(live, name));
          return `${uid}:${gid}`;
        }),
      );
    const before = await look();
    const { proof } = await bringBack(async () => execFileSync('chown', ['-hR', '0:0', live]));
    expect(await look()).toEqual(before);
    expect(proof.notes).toBeUndefined();
  },
);

it('a proof tells of modes and times that are not as they were, and holds', async () => {
  await writeFile(join(live, 'a'), 'a');
  const { file, manifest } = await backUp();
  await verifyBackup(file);
  chmod('600', 'a');
  execFileSync('touch', ['-d', '2001-01-01', join(live, 'a')]);
  const { notes } = await proveRestored(manifest, [source]);
  expect(notes).toEqual([
    expect.stringMatching(/^site\/a: mode 600, 644 in the backup$/),
    expect.stringMatching(/^site\/a: time 2001-/),
  ]);
});

it.each(['1955-11-05T06:15:00.000Z', '1969-12-31T23:59:59.500Z', '1970-01-01T00:00:00.000Z'])(
  'brings the time %s back',
  async (time) => {
    await writeFile(join(live, 'scan'), '');
    execFileSync('touch', ['-d', time, join(live, 'scan')]);
    await bringBack(() => writeFile(join(live, 'scan'), 'new'));
    expect((await lstat(join(live, 'scan'))).mtime.toISOString()).toBe(time);
  },
);

it('makes one file of several names again, and whole files of those that are restored alone', async () => {
  await mkdir(join(live, 'a'));
  await writeFile(join(live, 'a', 'first'), 'one file');
  await link(join(live, 'a', 'first'), join(live, 'second'));
  await link(join(live, 'a', 'first'), join(live, 'third'));
  await writeFile(join(live, 'alike'), 'one file');
  const { file } = await bringBack(() => writeFile(join(live, 'second'), 'other'));
  const inodes = await Promise.all(
    ['a/first', 'second', 'third', 'alike'].map(
      async (name) => (await lstat(join(live, name))).ino,
    ),
  );
  expect(new Set(inodes.slice(0, 3)).size).toBe(1);
  expect(inodes[3]).not.toBe(inodes[0]);
  const to = join(root, 'part');
  await restorePart(file, { only: 'site/third', to });
  expect(await readFile(join(to, 'third'), 'utf8')).toBe('one file');
});

it('restores runs of zeros of a sparse file as holes', async () => {
  const path = join(live, 'data.mdb');
  const handle = await open(path, 'w');
  await handle.truncate(40_000_000);
  await handle.write('one row', 4096);
  await handle.write('another', 20_000_001);
  await handle.close();
  const before = await readFile(path);
  await bringBack(() => writeFile(path, 'new'));
  expect((await readFile(path)).equals(before)).toBe(true);
  const { blocks, size } = await lstat(path);
  expect(size).toBe(40_000_000);
  expect(blocks * 512).toBeLessThan(1_000_000);
});

it('leaves sockets and pipes out, says so, and takes the rest', async () => {
  await writeFile(join(live, 'a'), 'a');
  execFileSync('mkfifo', [join(live, 'pipe')]);
  const server = createServer().listen(join(live, 'app.sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  const { incomplete, manifest, notes } = await backUp();
  server.close();
  expect(incomplete).toEqual([]);
  expect(manifest.entries.map(({ path }) => path)).toEqual(['site/a']);
  expect(notes).toEqual([expect.stringMatching(/left out.*: app\.sock, pipe$/)]);
});

it('warns of each pattern that matches nothing, and of none that a folder covers', async () => {
  await mkdir(join(live, 'cache', 'deep'), { recursive: true });
  for (const name of ['a.jpg', 'cache/page']) await writeFile(join(live, name), '');
  const filters = {
    include: ['*.jpg', '*.JPG'],
    exclude: ['cache', 'cache/**', 'cache/deep/x', '*.tmp'],
  };
  const { notes } = await backUp({ ...source, ...filters });
  expect(notes).toEqual([
    'site: "*.JPG" of include matches nothing there',
    'site: "*.tmp" of exclude matches nothing there',
  ]);
});

it('says that a source of which nothing is there is empty', async () => {
  expect((await backUp()).notes).toEqual(['site: the backup holds no file of it']);
  expect(await readdir(live)).toEqual([]);
});

const canDress = ['getfattr', 'setfattr', 'setfacl'].every(
  (tool) => spawnSync(tool, ['--version']).error === undefined,
);

it.runIf(canDress)('brings access lists and attributes back, and proves them', async () => {
  await mkdir(join(live, 'in box'));
  await writeFile(join(live, 'in box', 'a=b'), 'a');
  await writeFile(join(live, 'plain'), '');
  const dress = (name: string, ...of: string[]) =>
    execFileSync(of[0] ?? '', [...of.slice(1), join(live, name)]);
  dress('in box/a=b', 'setfacl', '-m', 'u:12345:rw');
  dress('in box', 'setfacl', '-d', '-m', 'g:23456:rx');
  dress('in box/a=b', 'setfattr', '-n', 'user.origin', '-v', 'https://example.org/?a=1');
  dress('', 'setfacl', '-m', 'u:12345:rx');
  const look = () =>
    execFileSync('getfattr', ['-R', '-d', '-m', '-', '-e', 'hex', '.'], {
      cwd: live,
      encoding: 'utf8',
    });
  const before = look();
  expect(before).toContain('system.posix_acl_default');
  const { file, proof } = await bringBack(async () => {
    execFileSync('setfacl', ['-R', '-b', live]);
    execFileSync('setfattr', ['-x', 'user.origin', join(live, 'in box', 'a=b')]);
  });
  expect(look()).toBe(before);
  expect(proof.notes).toBeUndefined();
  execFileSync('setfacl', ['-b', join(live, 'in box', 'a=b')]);
  const { manifest } = await verifyBackup(file);
  expect((await proveRestored(manifest, [source])).notes).toEqual(
    expect.arrayContaining([expect.stringMatching(/in box\/a=b: without its access list/)]),
  );
});
