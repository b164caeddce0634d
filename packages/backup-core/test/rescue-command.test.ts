import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type CommandSource,
  createBackup,
  type DataSource,
  type RescueHints,
  rescueNameOf,
} from '../src/index.ts';
import { type BareKind, bareRoot } from './support/bare-root.ts';
import { AT_MS } from './support/sample.ts';

const KINDS: readonly BareKind[] = ['busybox', 'dash and coreutils'];

interface Disaster {
  readonly kind?: BareKind;
  readonly commands?: Partial<CommandSource>;
  readonly hints?: RescueHints;
  readonly beside?: boolean;
}

/** A store that only commands reach, backed up in a root without Node; then written to. */
const disaster = async ({ kind = 'busybox', commands, hints = {}, beside }: Disaster = {}) => {
  const bare = await bareRoot(kind);
  const srv = join(bare.root, 'srv');
  const folder = join(srv, 'backups');
  await mkdir(join(srv, 'pictures'), { recursive: true });
  await mkdir(folder);
  await writeFile(join(srv, 'pictures', 'ace.txt'), 'as backed up');
  await writeFile(join(srv, 'store'), 'as backed up');
  const cache: CommandSource = {
    ...{ name: 'cache', type: 'command', folder, cwd: srv },
    ...{ dump: ['cat', 'store'], load: "echo x >>'loads' && cat >store", verify: 'grep -q backed' },
    ...commands,
  };
  const pictures: DataSource = { name: 'pictures', type: 'files', path: join(srv, 'pictures') };
  const { file } = await createBackup({
    ...{ dir: folder, root: srv, service: 'shop', env: 'production', release: '1.0.0' },
    ...{ migrations: [], tool: { name: 'test', version: '1' }, now: () => AT_MS, rescue: hints },
    sources: beside === true ? [cache, pictures] : [cache],
  });
  await writeFile(join(srv, 'store'), 'written since it was backed up');
  await writeFile(join(srv, 'pictures', 'ace.txt'), 'written since');
  const script = rescueNameOf(file);
  const inside = (path: string) => path.slice(bare.root.length);
  const paths = ['--path', 'cache=/srv', '--path', 'pictures=/srv/pictures'];
  const read = (name: string) => readFile(join(srv, name), 'utf8');
  return {
    ...{ root: bare.root, srv, script, read },
    rescue: (args: readonly string[], input = '') =>
      bare.run([inside(script), ...paths, ...args], input),
    state: async () => [await read('store'), await read('pictures/ace.txt')],
    loads: async () => (await read('loads').catch(() => '')).length / 2,
  };
};

const BACKED_UP = ['as backed up', 'as backed up'];
const SINCE = ['written since it was backed up', 'written since'];

it.each(KINDS)(
  'shows the command, asks, dumps what is live, loads, and loads that again (%s)',
  async (kind) => {
    const at = await disaster({ kind, beside: true });
    const refused = at.rescue([], 'no\n');
    expect(refused.stdout).toContain("    echo x >>'loads' && cat >store\n");
    expect(refused.stdout).toMatch(/pictures \(files\): .*put aside, and 1 file, 12 bytes come/);
    expect(refused.stdout).toContain('cannot be put aside by a rename. It is dumped first');
    expect(refused.stdout).toContain('by:\n    cat store\n');
    expect(refused.stderr).toContain('not confirmed; nothing was changed');
    expect(await at.loads()).toBe(0);

    const ran = at.rescue([], 'restore\n');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(await at.state()).toEqual(BACKED_UP);
    const kept = /what was live of cache was dumped: \.?(\S+)/.exec(ran.stdout)?.[1] ?? '';
    expect(await readFile(join(at.root, kept), 'utf8')).toBe(SINCE[0]);

    expect(at.rescue(['--undo', '--yes'])).toMatchObject({ status: 0, stderr: '' });
    expect(await at.state()).toEqual(SINCE);
    expect(await at.loads()).toBe(2);
    expect(at.rescue(['--undo', '--yes']).stderr).toContain('there is nothing to undo');
  },
);

it('changes nothing where what is live can not be dumped, unless it is told that this is lost', async () => {
  const at = await disaster({ beside: true });
  await rm(join(at.srv, 'store'));
  const failed = at.rescue(['--yes']);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain('Nothing live was changed: mend that, or');
  expect(failed.stderr).toContain('start this script with --over cache');
  expect(await at.read('pictures/ace.txt')).toBe('written since');
  await writeFile(join(at.srv, 'store'), 'rubbish');
  expect(at.rescue(['--yes']).stderr).toContain('refuses what the dump command made of what is');

  const over = at.rescue(['--yes', '--over', 'cache']);
  expect(over).toMatchObject({ status: 0, stderr: '' });
  expect(over.stdout).toContain('NOTHING of what is live is kept (--over cache)');
  expect(await at.state()).toEqual(BACKED_UP);
  const undone = at.rescue(['--yes', '--undo']);
  expect(undone.stdout).toContain('cache stays as the rescue loaded it');
  expect(await at.state()).toEqual(['as backed up', 'written since']);
  expect(at.rescue(['--yes', '--over']).stderr).toContain('--over wants a value');
});

it('says that a load failed half-way, goes on when it is run again, and undoes a half one', async () => {
  const load = 'test ! -e broken || exec false; cat >store';
  for (const then of [['--yes'], ['--undo', '--yes']]) {
    const at = await disaster({ beside: true, commands: { load } });
    await writeFile(join(at.srv, 'broken'), '');
    const half = at.rescue(['--yes']);
    expect(half.status).toBe(1);
    expect(half.stderr).toContain('start this script again when that is mended, or with --undo');
    await writeFile(join(at.srv, 'store'), 'half of it');
    await rm(join(at.srv, 'broken'));
    expect(at.rescue(then)).toMatchObject({ status: 0, stderr: '' });
    expect(await at.state()).toEqual(then.length === 1 ? BACKED_UP : SINCE);
  }
});

it.each([
  { which: 'dump', next: ['--yes'], ends: BACKED_UP },
  { which: 'load', next: ['--yes'], ends: BACKED_UP },
  { which: 'load', next: ['--undo', '--yes'], ends: SINCE },
])('killed in its $which, it goes on by $next', async ({ which, next, ends }) => {
  // What `exec` made of the script's subshell is the command: its parent is the script.
  const killing = (step: string) => `if [ -e 'kill ${step}' ]; then kill -9 "$PPID"; exit 1; fi; `;
  const at = await disaster({
    beside: true,
    commands: { dump: `${killing('dump')}cat store`, load: `${killing('load')}cat >store` },
  });
  await writeFile(join(at.srv, `kill ${which}`), '');
  expect(at.rescue(['--yes']).signal).toBe('SIGKILL');
  // The files are swapped in only after every dump of what is live.
  if (which === 'dump') expect(await at.state()).toEqual(SINCE);
  await rm(join(at.srv, `kill ${which}`));
  expect(at.rescue(next)).toMatchObject({ status: 0, stderr: '' });
  expect(await at.state()).toEqual(ends);
});

it('loads nothing that its own check refuses, nor where its commands have no folder', async () => {
  const at = await disaster({ commands: { verify: 'test ! -e later' } });
  expect(at.rescue(['--yes', '--path', 'cache=/gone']).stderr).toContain(
    'the folder /gone, where the commands of cache run, is not there',
  );
  await writeFile(join(at.srv, 'later'), '');
  expect(at.rescue(['--yes']).stderr).toContain('refuses the dump of the backup');
  expect(await at.loads()).toBe(0);
});

it('runs what was configured, word for word, and in the terms of who calls it', async () => {
  const odd = 'it\'s "$HOME" `touch HACKED`\n\\0101 %s *';
  const at = await disaster({
    commands: {
      load: ['sh', '-c', 'printf %s "$1" >said; umask >mask; echo "$LC_ALL" >locale', 'x', odd],
    },
  });
  const check = spawnSync('shellcheck', ['--shell=sh', at.script], { encoding: 'utf8' });
  expect(check.stdout).toBe('');
  expect(at.rescue(['--yes'])).toMatchObject({ status: 0, stderr: '' });
  expect(await at.read('said')).toBe(odd);
  const umask = spawnSync('sh', ['-c', 'umask'], { encoding: 'utf8' }).stdout;
  expect(await at.read('mask')).toBe(umask);
  expect(await at.read('locale')).toBe('\n');
  expect(await readdir(at.srv)).not.toContain('HACKED');
});

it('holds no command with a secret in it: its dump is handed out, and loaded by hand', async () => {
  const secret = 's3cr3t of a test';
  const at = await disaster({
    commands: { load: ['mysql', `--password=${secret}`] },
    hints: { secrets: [secret] },
  });
  expect(await readFile(at.script, 'utf8')).not.toContain(secret);
  const refused = at.rescue(['--yes']);
  expect(refused.stdout).toContain('NOT restored by this script, as its commands hold a secret');
  expect(refused.stdout).toMatch(/unzip -p dhash_\S+\.zip 'cache\/dump' \| LOAD/);
  expect(refused.stderr).toContain('can restore nothing of that by itself; with --to DIR');
  expect(at.rescue(['--yes', '--to', '/srv'])).toMatchObject({ status: 0, stderr: '' });
  expect(await at.read('cache/dump')).toBe('as backed up');
});
