import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const source = new URL('../../../packages/rollout/bin/compile-cache.js', import.meta.url);

/** Folder of the cache that a process with this environment uses; empty: none. */
const cacheWith = async (env: Record<string, string>): Promise<string> => {
  const script = `
    import module from 'node:module';
    import { useCompileCache } from ${JSON.stringify(source.href)};
    useCompileCache();
    process.stdout.write(module.getCompileCacheDir() ?? '');`;
  const args = ['--input-type=module', '--eval', script];
  return (await run(process.execPath, args, { env })).stdout;
};

const modeOf = async (path: string) => (await lstat(path)).mode & 0o777;

describe.skipIf(process.platform === 'win32')('the compile cache', () => {
  it('lies in a folder of the home that only its owner can read or write', async () => {
    const HOME = await tempFolder();
    const folder = join(HOME, '.cache/dhash-rollout');
    expect(await cacheWith({ HOME })).toContain(folder);
    expect(await modeOf(folder)).toBe(0o700);
  });

  it('follows XDG_CACHE_HOME', async () => {
    const [HOME, XDG_CACHE_HOME] = [await tempFolder(), await tempFolder()];
    expect(await cacheWith({ HOME, XDG_CACHE_HOME })).toContain(join(XDG_CACHE_HOME, 'dhash-'));
  });

  it('is another one where NODE_COMPILE_CACHE names it', async () => {
    const [HOME, NODE_COMPILE_CACHE] = [await tempFolder(), await tempFolder()];
    expect(await cacheWith({ HOME, NODE_COMPILE_CACHE })).toContain(NODE_COMPILE_CACHE);
  });

  it.each([
    { where: 'without a home', env: {} },
    { where: 'with an empty home', env: { HOME: '' } },
    { where: 'where there is no such home', env: { HOME: '/nowhere/at/all' } },
    { where: 'where the home is a file', env: { HOME: fileURLToPath(source) } },
  ])('is off $where', async ({ env }) => {
    expect(await cacheWith(env)).toBe('');
  });

  it('is off where others may write to it, or to the folder that it lies in', async () => {
    for (const loose of ['.cache/dhash-rollout', '.cache']) {
      const HOME = await tempFolder();
      await mkdir(join(HOME, '.cache/dhash-rollout'), { recursive: true, mode: 0o700 });
      await chmod(join(HOME, loose), 0o777);
      expect(await cacheWith({ HOME })).toBe('');
    }
  });

  it('is off where a link lies in its place', async () => {
    const [HOME, elsewhere] = [await tempFolder(), await tempFolder()];
    await mkdir(join(HOME, '.cache'));
    await symlink(elsewhere, join(HOME, '.cache/dhash-rollout'));
    expect(await cacheWith({ HOME })).toBe('');
  });
});
