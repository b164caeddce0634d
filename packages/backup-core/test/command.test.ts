import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it, vi } from 'vitest';
import {
  type BackupOptions,
  type CommandSource,
  createBackup,
  restoreTargets,
  stageRestore,
  swapBack,
  swapIn,
} from '../src/index.ts';

/** A store whose data is a file, reached by commands alone. Both are run in its folder. */
const makeStore = async (changes: Partial<CommandSource> = {}) => {
  const root = await tempFolder();
  const folder = join(root, 'work');
  await mkdir(folder);
  const live = join(root, 'store');
  await writeFile(live, 'first\n');
  const source: CommandSource = {
    name: 'cache',
    type: 'command',
    dump: 'cat store',
    load: ['sh', '-c', 'echo x >> loads; cat > store'],
    folder,
    cwd: root,
    ...changes,
  };
  const options = (more: Partial<BackupOptions> = {}): BackupOptions => ({
    dir: join(root, 'backups'),
    root,
    service: 'dhash',
    env: 'production',
    release: null,
    migrations: [],
    sources: [source],
    tool: { name: 'test', version: '0' },
    now: Date.now,
    ...more,
  });
  return {
    root,
    source,
    options,
    put: (text: string) => writeFile(live, text),
    read: () => readFile(live, 'utf8'),
    loads: async () => (await readFile(join(root, 'loads'), 'utf8').catch(() => '')).length / 2,
  };
};

describe('a command source', () => {
  it('is loaded once where the swap is run again after its end, and again where it was cut off', async () => {
    const store = await makeStore();
    const sources = [store.source];
    const { file } = await createBackup(store.options());
    await store.put('later\n');
    const { targets } = await stageRestore(file, { id: 'a', targets: sources });
    const broken = { ...store.source, load: 'cat > store; kill -9 $$' };
    await expect(swapIn(targets, { sources: [broken] })).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('SIGKILL'),
    });
    // The half-loaded state is not what is put aside.
    await store.put('half\n');
    await swapIn(targets, { sources });
    await swapIn(targets, { sources });
    expect([await store.read(), await store.loads()]).toEqual(['first\n', 1]);
    await swapBack(targets, { sources });
    await swapBack(targets, { sources });
    expect([await store.read(), await store.loads()]).toEqual(['later\n', 2]);
  });

  it('is not loaded where what is live can not be dumped first', async () => {
    const store = await makeStore();
    const { file } = await createBackup(store.options());
    const { targets } = await stageRestore(file, { id: 'a', targets: [store.source] });
    const sources = [{ ...store.source, dump: 'false' }];
    await expect(swapIn(targets, { sources })).rejects.toMatchObject({ code: 'command-failed' });
    await swapBack(targets, { sources });
    expect([await store.read(), await store.loads()]).toEqual(['first\n', 0]);
  });

  it.each([
    { dump: 'echo half; echo "no room" >&2; exit 3', says: 'it exited with 3: no room' },
    { dump: 'echo half; kill -TERM $$', says: 'SIGTERM' },
    { dump: 'true', says: 'printed nothing' },
    { dump: ['no-such-program'], says: 'not installed, or not on PATH' },
    { dump: 'echo half; exec sleep 60', timeoutMs: 200, says: 'more than 200 ms' },
    { dump: 'cat store', verify: 'false', says: 'verify command' },
  ])('publishes nothing where its dump is $dump', async ({ says, ...changes }) => {
    const store = await makeStore(changes);
    await expect(createBackup(store.options())).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining(says),
    });
    expect(await readdir(join(store.root, 'backups'))).toEqual([]);
  });

  it('gives its programs the variables of its source, and not those that it takes away', async () => {
    vi.stubEnv('CHAT_KEY', 'channel');
    vi.stubEnv('STORE_HOST', 'ours');
    const store = await makeStore({
      dump: ['sh', '-c', 'echo "$(printenv CHAT_KEY || echo none) $STORE_HOST" | tee seen'],
      env: { CHAT_KEY: undefined, STORE_HOST: 'theirs' },
    });
    await createBackup(store.options());
    vi.unstubAllEnvs();
    expect(await readFile(join(store.root, 'seen'), 'utf8')).toBe('none theirs\n');
  });

  it('ends the programs of a dump that is aborted', async () => {
    const beat = '(while :; do echo x >> beats; sleep 0.05; done) & wait';
    const store = await makeStore({ dump: `echo half; ${beat}` });
    const beats = async () =>
      (await readFile(join(store.root, 'beats'), 'utf8').catch(() => '')).length;
    const aborting = new AbortController();
    const backup = createBackup(store.options({ signal: aborting.signal }));
    await expect.poll(beats).toBeGreaterThan(0);
    aborting.abort(new Error('enough'));
    await expect(backup).rejects.toThrow('enough');
    const atEnd = await beats();
    await sleep(300);
    expect(await beats()).toBe(atEnd);
  });

  it('refuses a dump at its restore that its own check does not take', async () => {
    const store = await makeStore();
    const { file } = await createBackup(store.options());
    const targets = [{ ...store.source, verify: 'echo "wrong magic" >&2; false' }];
    await expect(stageRestore(file, { id: 'a', targets })).rejects.toThrow('wrong magic');
    expect(await readdir(store.source.folder)).toEqual([]);
  });

  it('names what is wrong with its options', async () => {
    const store = await makeStore({ folder: 'here', cwd: 'there', load: '' });
    await expect(createBackup(store.options())).rejects.toMatchObject({
      code: 'bad-option',
      problems: [
        expect.stringContaining('folder'),
        expect.stringContaining('"cwd"'),
        expect.stringContaining('a dump and a load command'),
      ],
    });
    expect(() => restoreTargets([store.source], '../x')).toThrow('restore id');
  });
});
