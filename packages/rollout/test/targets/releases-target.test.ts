import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import JSZip from 'jszip';
import { create } from 'tar';
import { describe, expect, test, vi } from 'vitest';
import type { ReleasesTargetConfig } from '../../src/config/types.ts';
import { type ArchiveEntry, unsafeEntries } from '../../src/targets/archive-entries.ts';
import { compareVersions } from '../../src/targets/compare-versions.ts';
import { openReleasesTarget } from '../../src/targets/releases-target.ts';
import type { TargetRun } from '../../src/targets/types.ts';
import { environment, limits, makeFolderArtifact, run } from './target-fixture.ts';

// Root may remove anything: that something can't be removed has to be made.
vi.mock('node:fs/promises', { spy: true });

const setUp = async (over: Partial<ReleasesTargetConfig> = {}) => {
  const root = await tempFolder();
  await mkdir(join(root, 'dist'));
  const target: ReleasesTargetConfig = {
    type: 'releases',
    ...limits,
    root: join(root, 'app'),
    artifact: join(root, 'dist', '{version}'),
    init: null,
    start: 'pwd > where',
    stop: 'true',
    keep: 3,
    drill: null,
    ...over,
  };
  const at = (artifact: string) => ({ ...target, artifact: join(root, artifact) });
  const open = (own: Partial<TargetRun> = {}, config = target) =>
    openReleasesTarget(environment(root, config), config, run(own));
  return { root, open, at, releases: join(root, 'app', 'releases') };
};

test('1.10 is above 1.9, a release above its candidates, a folder without artifact is none', async () => {
  const { root, open } = await setUp();
  for (const version of ['1.9', '1.10', '1.10-rc.1', '.hidden', 'v1.2'])
    await makeFolderArtifact(root, version);
  await writeFile(join(root, 'dist', '9.9'), 'a file is no folder');
  expect(await open().versions()).toEqual(['1.10', '1.10-rc.1', '1.9', 'v1.2']);
});

test.each([
  ['1.9', '1.10'],
  ['1.10-rc.1', '1.10'],
  ['1.0.0-alpha', '1.0.0-alpha.1'],
  ['1.0.0-alpha.1', '1.0.0-alpha.beta'],
  ['1.0.0-rc.2', '1.0.0-rc.11'],
  ['1', '1.0.1'],
  ['v1.9', '1.10'],
  ['2024-01-02', '2024-01-10'],
])('%s is below %s', (low, high) => {
  expect(compareVersions(low, high)).toBeLessThan(0);
  expect(compareVersions(high, low)).toBeGreaterThan(0);
  expect(compareVersions(high, high)).toBe(0);
});

test('start runs in the active release; current is a relative link', async () => {
  const { root, open, releases } = await setUp();
  await makeFolderArtifact(root, '1.0');
  const target = open({ version: '1.0' });
  await target.lay('1.0');
  await target.activate('1.0');
  await target.start();
  expect(await readlink(join(root, 'app', 'current'))).toBe(join('releases', '1.0'));
  expect((await readFile(join(releases, '1.0', 'where'), 'utf8')).trim()).toMatch(/current$|1\.0$/);
});

test('a build that changed is laid anew, but never over the active release', async () => {
  const { root, open, releases } = await setUp();
  const app = () => readFile(join(releases, '1.0', 'bin', 'app'), 'utf8');
  await makeFolderArtifact(root, '1.0', 'old');
  await open({ runId: 'a' }).lay('1.0');
  await makeFolderArtifact(root, '1.0', 'new');
  expect(await open({ runId: 'b' }).lay('1.0')).toEqual({ version: '1.0', created: true });
  expect(await app()).toBe('new');
  await open().activate('1.0');
  await makeFolderArtifact(root, '1.0', 'newer');
  const done = await open({ runId: 'c' }).lay('1.0');
  expect(done).toEqual({ version: '1.0', created: false });
  await open({ runId: 'c' }).unlay(done);
  expect(await app()).toBe('new');
});

test('what a killed run left half laid is laid whole', async () => {
  const { root, open, releases } = await setUp();
  await makeFolderArtifact(root, '1.0');
  await mkdir(join(releases, '.laying-1.0', 'junk'), { recursive: true });
  await open().lay('1.0');
  expect((await readdir(releases)).sort()).toEqual(['1.0']);
  expect((await readdir(join(releases, '1.0'))).sort()).toEqual(['.rollout-release.json', 'bin']);
});

test('old releases go when they are pruned, but never the active one or the one before', async () => {
  const { root, open, releases } = await setUp();
  const versions = ['1.0', '1.1', '1.2', '1.3', '1.4'];
  for (const version of versions) {
    await makeFolderArtifact(root, version);
    const target = open({ runId: version, version });
    await target.lay(version);
    await target.activate(version);
  }
  expect((await readdir(releases)).sort()).toEqual(versions);
  const good = open({ runId: '1.4', version: '1.4' });
  expect(await good.prunable('1.4')).toEqual(['1.0', '1.1']);
  expect(await good.prune()).toEqual({ removed: ['1.0', '1.1'], left: [] });
  expect((await readdir(releases)).sort()).toEqual(['1.2', '1.3', '1.4']);
  await open({ runId: 'back' }).activate('1.2');
  await makeFolderArtifact(root, '1.5');
  const target = open({ runId: '1.5', version: '1.5', previous: '1.2' });
  expect(await target.prunable('1.5')).toEqual(['1.3']);
  await target.activate('1.5');
  await target.prune();
  expect((await readdir(releases)).sort()).toEqual(['1.2', '1.4', '1.5']);
});

test('the release before is kept though the run does not name it, and though it is the oldest', async () => {
  const { root, open, at, releases } = await setUp();
  const two = { ...at('dist/{version}'), keep: 2 };
  for (const version of ['1.0', '1.1', '1.2']) await makeFolderArtifact(root, version);
  await open({}, two).activate('1.0');
  await open({}, two).lay('1.1');
  await open({}, two).lay('1.2');
  await open({}, two).activate('1.1');
  await open({}, two).prune();
  expect((await readdir(releases)).sort()).toEqual(['1.0', '1.1']);
  expect(await readlink(join(root, 'app', 'previous'))).toBe(join('releases', '1.0'));
});

test('what no deploy laid is never removed', async () => {
  const { root, open, at, releases } = await setUp();
  const one = { ...at('dist/{version}'), keep: 1 };
  await mkdir(join(releases, 'shared', 'uploads'), { recursive: true });
  await mkdir(join(releases, '20240101120000'));
  for (const version of ['1.0', '1.1', '1.2']) {
    await makeFolderArtifact(root, version);
    await open({ runId: version, version }, one).activate(version);
  }
  const good = open({ runId: '1.2', version: '1.2' }, one);
  expect(await good.prune()).toEqual({ removed: ['1.0'], left: [] });
  expect((await readdir(releases)).sort()).toEqual(['1.1', '1.2', '20240101120000', 'shared']);
});

test('what can not be removed is told, and spoils nothing', async () => {
  const { root, open, at, releases } = await setUp();
  const one = { ...at('dist/{version}'), keep: 1 };
  for (const version of ['1.0', '1.1', '1.2']) {
    await makeFolderArtifact(root, version);
    await open({ runId: version, version }, one).activate(version);
  }
  vi.mocked(rm).mockRejectedValueOnce(new Error('EACCES: permission denied'));
  const pruned = await open({ runId: '1.2', version: '1.2' }, one).prune();
  expect(pruned.removed).toEqual([]);
  expect(pruned.left).toEqual([{ name: join(releases, '1.0'), why: 'EACCES: permission denied' }]);
});

test('a `current` that is no link is left alone', async () => {
  const { root, open } = await setUp();
  await makeFolderArtifact(root, '1.0');
  await mkdir(join(root, 'app', 'current'), { recursive: true });
  await expect(open().activate('1.0')).rejects.toMatchObject({ code: 'not-a-link' });
});

test('a missing artifact is named', async () => {
  const { open } = await setUp();
  await expect(open().lay('3.0')).rejects.toMatchObject({
    code: 'no-artifact',
    message: expect.stringContaining('dist/3.0'),
  });
});

test('links inside a folder stay, those that lead out still lead to the same place', async () => {
  const { root, open, releases } = await setUp();
  await makeFolderArtifact(root, '1.0');
  await writeFile(join(root, 'shared'), 'shared');
  await symlink('bin/app', join(root, 'dist', '1.0', 'inner'));
  await symlink('../../shared', join(root, 'dist', '1.0', 'outer'));
  await open().lay('1.0');
  expect(await readlink(join(releases, '1.0', 'inner'))).toBe('bin/app');
  expect(await readFile(join(releases, '1.0', 'outer'), 'utf8')).toBe('shared');
});

describe('archives', () => {
  test.each(['zip', 'tar.gz'])('%s is laid with modes and inner links', async (kind) => {
    const { root, open, at, releases } = await setUp();
    await makeFolderArtifact(root, 'src');
    await symlink('bin/app', join(root, 'dist', 'src', 'app'));
    const file = join(root, 'dist', `demo-1.0.${kind}`);
    if (kind === 'zip') {
      const zip = new JSZip();
      zip.file('bin/app', 'src', { unixPermissions: 0o100755 });
      zip.file('app', 'bin/app', { unixPermissions: 0o120777 });
      await writeFile(file, await zip.generateAsync({ type: 'nodebuffer', platform: 'UNIX' }));
    } else await create({ file, gzip: true, cwd: join(root, 'dist', 'src') }, ['.']);
    const target = open({}, at(`dist/demo-{version}.${kind}`));
    expect(await target.versions()).toEqual(['1.0']);
    await target.lay('1.0');
    expect(await readFile(join(releases, '1.0', 'app'), 'utf8')).toBe('src');
    expect((await lstat(join(releases, '1.0', 'bin', 'app'))).mode & 0o777).toBe(0o755);
    expect((await lstat(join(releases, '1.0', 'app'))).isSymbolicLink()).toBe(true);
  });

  test.each(['zip', 'tar.gz'])('%s with an entry that leads out lays nothing', async (kind) => {
    const { root, open, at, releases } = await setUp();
    const file = join(root, 'dist', `1.0.${kind}`);
    if (kind === 'zip') {
      const zip = new JSZip();
      zip.file('fine', 'x').file('../../evil', 'x');
      await writeFile(file, await zip.generateAsync({ type: 'nodebuffer' }));
    } else {
      await makeFolderArtifact(root, 'src');
      await symlink('/etc', join(root, 'dist', 'src', 'out'));
      await create({ file, gzip: true, cwd: join(root, 'dist', 'src') }, ['.']);
    }
    await expect(open({}, at(`dist/{version}.${kind}`)).lay('1.0')).rejects.toMatchObject({
      code: 'unsafe-archive',
    });
    expect(await readdir(releases)).toEqual([]);
  });

  test.each(['zip', 'tar.gz'])('%s that is damaged is named', async (kind) => {
    const { root, open, at } = await setUp();
    await writeFile(join(root, 'dist', `1.0.${kind}`), 'not an archive');
    await expect(open({}, at(`dist/{version}.${kind}`)).lay('1.0')).rejects.toMatchObject({
      code: 'bad-archive',
    });
  });

  const file = (path: string): ArchiveEntry => ({ path, type: 'file', to: null });
  const link = (path: string, to: string): ArchiveEntry => ({ path, type: 'link', to });
  test.each<[string, ArchiveEntry[], RegExp | null]>([
    ['plain files', [file('a/b'), file('./c'), { path: 'a/', type: 'folder', to: null }], null],
    ['dots in a name', [file('a..b/..c')], null],
    ['up', [file('a/../../b')], /leads out/],
    ['up, though it comes back', [file('a/../b')], /leads out/],
    ['absolute', [file('/etc/passwd')], /leads out/],
    ['a drive', [file('C:x')], /leads out/],
    ['backslashes', [file('..\\x')], /leads out/],
    ['an inner link', [link('a/b', '../c')], null],
    ['a link out', [link('a/b', '../../c')], /link that leads out/],
    ['a link to the folder above', [link('a', '..')], /link that leads out/],
    ['an absolute link', [link('a', '/etc')], /link that leads out/],
    [
      'out by way of another link',
      [link('a/b/d', '../..'), link('a/b/e', 'd/..')],
      /a\/b\/e.*leads out/,
    ],
    ['a file behind a link', [link('a', 'b'), file('a/x')], /behind the link "a"/],
    ['a file over a link', [link('a', 'b'), file('./a')], /twice/],
    ['a hard link', [{ path: 'a', type: 'hard-link', to: '/etc/shadow' }], /hard link/],
    ['a device', [{ path: 'a', type: 'other', to: null }], /neither/],
  ])('entries: %s', (_, entries, says) => {
    const found = unsafeEntries(entries).join('; ');
    if (says === null) expect(found).toBe('');
    else expect(found).toMatch(says);
  });
});
