import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { compareData, proveRestored, readManifest, rescueNameOf } from '../src/index.ts';
import { RESCUE_BODY } from '../src/rescue/rescue-body.ts';
import { RESCUE_COMMAND } from '../src/rescue/rescue-command.ts';
import { RESCUE_PLAIN } from '../src/rescue/rescue-plain.ts';
import { RESCUE_POSTGRES } from '../src/rescue/rescue-postgres.ts';
import { type BareKind, bareRoot } from './support/bare-root.ts';
import { backUpSample, makeSample, type Sample } from './support/sample.ts';

const KINDS: readonly BareKind[] = ['busybox', 'dash and coreutils'];

/** Each would do something, or go somewhere else, if a shell or a tool ever took it for more than a name. */
const HOSTILE = [
  'two words',
  "it's",
  '"quoted"',
  'line\nbreak\n',
  '$(touch HACKED)',
  '`touch HACKED`',
  '; touch HACKED #',
  '-rf',
  '--help',
  '*',
  '[a]?',
  'back\\slash\\0101',
  '%s%n',
  '~n/true',
  '$IFS/!x',
  'umläut',
  'Card.png',
  'card.png',
  ' leading and trailing ',
];

const makeHostile = async (sample: Sample): Promise<void> => {
  const folder = join(sample.images, 'hostile');
  for (const name of HOSTILE) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), `content of ${name}`);
  }
  await writeFile(
    Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x0a, 0x27])]),
    'raw',
  );
  await mkdir(join(sample.images, '~n'));
  await writeFile(join(sample.images, '~n', 'mine'), 'truly called so');
  await mkdir(join(sample.images, 'private'), { mode: 0o700 });
  await writeFile(join(sample.images, 'private', 'secret'), 's');
  await chmod(join(sample.images, 'private', 'secret'), 0o600);
};

/** What was backed up, what a service wrote since, and the folder (as a root) that the script runs in. */
const disaster = async (kind: BareKind = 'dash and coreutils') => {
  const bare = await bareRoot(kind);
  const folder = join(bare.root, 'srv');
  await mkdir(folder);
  const sample = await makeSample(folder);
  await makeHostile(sample);
  const { file } = await backUpSample(sample, {
    rescue: { stop: 'systemctl stop shop', start: "systemctl start 'shop' $(touch HACKED)" },
  });
  const script = rescueNameOf(file);
  // Paths inside the root are those of the machine: the script is told where things are live there.
  const inside = (path: string) => path.slice(bare.root.length);
  const paths = [
    ...['--path', `images=${inside(sample.images)}`],
    ...['--path', `library=${inside(sample.library)}`],
  ];
  await writeFile(join(sample.images, 'written since'), 'new');
  await writeFile(join(sample.images, 'nothing'), 'changed');
  await writeFile(`${sample.library}-wal`, 'a log of committed rows');
  const rescue = (args: readonly string[], input = '') =>
    bare.run([inside(script), ...paths, ...args], input);
  return { ...bare, sample, file, script, inside, rescue, manifest: await readManifest(file) };
};

const asides = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith('.dhash-rescue-')).sort();

it.each(KINDS)(
  'restores in a root without Node (%s), asks first, and puts aside what was live',
  async (kind) => {
    const { root, sample, manifest, rescue } = await disaster(kind);
    const refused = rescue([], 'no\n');
    expect(refused.stderr).toContain('not confirmed; nothing was changed');
    expect(await readFile(join(sample.images, 'nothing'), 'utf8')).toBe('changed');

    const { status, stdout, stderr } = rescue([], 'restore\n');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /images \(files\): \S+, \d+ KiB, newest change 20\d\d-\S+ \S+ UTC; put aside/,
    );
    expect(stdout).toContain("next: start the service: systemctl start 'shop' $(touch HACKED)");
    const proof = await proveRestored(manifest, sample.sources);
    expect(proof.tables['library']).toEqual({ hashes: 300, queue: 2 });
    expect((await stat(join(sample.images, 'private'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(sample.images, 'private', 'secret'))).mode & 0o777).toBe(0o600);
    const king = manifest.entries.find(({ path }) => path === 'images/cards/king.jpg');
    const mtime = king?.type === 'file' ? Date.parse(king.mtime) : 0;
    // busybox sets whole seconds.
    expect(
      Math.abs((await stat(join(sample.images, 'cards', 'king.jpg'))).mtimeMs - mtime),
    ).toBeLessThan(1000);
    expect(execFileSync('find', [root, '-name', 'HACKED'], { encoding: 'utf8' })).toBe('');

    const [aside = ''] = await asides(dirname(sample.images));
    const previous = join(dirname(sample.images), aside);
    expect(await readFile(join(previous, 'images', 'previous', 'written since'), 'utf8')).toBe(
      'new',
    );
    expect(await readFile(join(previous, 'library', 'previous-wal'), 'utf8')).toBe(
      'a log of committed rows',
    );

    const undone = rescue(['--undo', '--yes']);
    expect(undone.stderr).toBe('');
    expect(await readFile(join(sample.images, 'written since'), 'utf8')).toBe('new');
    expect(await readFile(`${sample.library}-wal`, 'utf8')).toBe('a log of committed rows');
    expect(rescue(['--undo', '--yes']).stderr).toContain('there is nothing to undo');
  },
);

it('can be run again after it is done, and keeps what each run put aside', async () => {
  const { sample, manifest, rescue } = await disaster();
  expect(rescue(['--yes']).status).toBe(0);
  await writeFile(join(sample.images, 'written after'), 'newer');
  expect(rescue(['--yes']).status).toBe(0);
  await proveRestored(manifest, sample.sources);
  expect(await asides(dirname(sample.images))).toHaveLength(2);
  expect(rescue(['--undo', '--yes']).status).toBe(0);
  expect(await readFile(join(sample.images, 'written after'), 'utf8')).toBe('newer');
});

it('restores elsewhere without touching what is live, and lists without changing anything', async () => {
  const { root, sample, manifest, rescue } = await disaster();
  const list = rescue(['--list']);
  expect(list.stderr).toBe('');
  expect(list.stdout).toContain('images, library of dhash production, release 1.0.0');
  expect(await asides(dirname(sample.images))).toEqual([]);
  await mkdir(join(root, 'else'));
  expect(rescue(['--yes', '--to', '/else']).status).toBe(0);
  const places = sample.sources.map((source) => ({
    ...source,
    path: join(root, 'else', source.name),
  }));
  await proveRestored(manifest, places);
  expect(await readFile(join(sample.images, 'nothing'), 'utf8')).toBe('changed');
  expect(rescue(['--yes', '--to', '/else']).stderr).toContain('exists already');
});

it.each([
  {
    what: 'a zip with one byte changed',
    spoil: async ({ file }: { file: string }) => {
      const bytes = await readFile(file);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      await writeFile(file, bytes);
    },
    says: 'changed, cut off or exchanged',
  },
  {
    what: 'a zip and a sidecar that were both exchanged',
    spoil: async ({ file }: { file: string }) => {
      await appendFile(file, 'x');
      const sum = execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64);
      await writeFile(`${file}.sha256`, `${sum}  ${basename(file)}\n`);
    },
    says: 'when this script was written',
  },
  {
    what: 'a script that was cut off',
    spoil: async ({ script }: { script: string }) => {
      const lines = (await readFile(script, 'utf8')).split('\n');
      await writeFile(script, [...lines.slice(0, 400), 'main "$@"', '# sha256 0', ''].join('\n'));
    },
    says: '',
  },
  {
    what: 'a script with one name changed',
    spoil: async ({ script }: { script: string }) =>
      writeFile(script, (await readFile(script, 'utf8')).replace('king.jpg', 'kinh.jpg')),
    says: 'not as it was written',
  },
])('refuses $what, and changes nothing', async ({ spoil, says }) => {
  const at = await disaster();
  const before = await readdir(dirname(at.sample.images));
  await spoil(at);
  const { status, stderr } = at.rescue(['--yes']);
  expect(status).not.toBe(0);
  expect(stderr).toContain(says);
  expect(await readdir(dirname(at.sample.images))).toEqual(before);
  expect(await readFile(join(at.sample.images, 'nothing'), 'utf8')).toBe('changed');
});

it('ends in all old or all new, wherever it is killed and run again', {
  timeout: 180_000,
}, async () => {
  const at = await disaster();
  const pristine = join(at.root, 'pristine');
  const live = dirname(at.sample.images);
  execFileSync('cp', ['-a', live, pristine]);
  // A mv that ends the script before its n-th use.
  const mv = join(at.root, 'bin', 'mv');
  await rename(mv, `${mv}.real`);
  await writeFile(
    mv,
    '#!/bin/sh\nn=$(cat /tmp/left 2>/dev/null || echo 1000)\nif [ "$n" -le 0 ]; then kill -9 $PPID; exit 1; fi\necho $((n - 1)) >/tmp/left\nexec /bin/mv.real "$@"\n',
    { mode: 0o755 },
  );
  let killed = 0;
  for (let left = 0; ; left++) {
    execFileSync('rm', ['-rf', live]);
    execFileSync('cp', ['-a', pristine, live]);
    await writeFile(join(at.root, 'tmp', 'left'), `${left}\n`);
    const first = at.rescue(['--yes']);
    await writeFile(join(at.root, 'tmp', 'left'), '1000\n');
    if (first.status === 0) break;
    killed += 1;
    const then = at.rescue(['--yes']);
    expect(then.stderr).toBe('');
    await proveRestored(at.manifest, at.sample.sources);
    const undone = at.rescue(['--undo', '--yes']);
    expect(undone.stderr).toBe('');
    expect(await readFile(join(at.sample.images, 'written since'), 'utf8')).toBe('new');
    expect(await readFile(`${at.sample.library}-wal`, 'utf8')).toBe('a log of committed rows');
  }
  expect(killed).toBeGreaterThan(HOSTILE.length / 2);
});

it('refuses while a process has the data open, and names it', async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  const { file } = await backUpSample(sample, { rescue: { stop: 'systemctl stop shop' } });
  const opened = openSync(sample.library, 'r');
  const service = spawn('sleep', ['60'], { stdio: ['ignore', opened, 'ignore'] });
  await once(service, 'spawn');
  closeSync(opened);
  try {
    const { status, stderr } = spawnSync('sh', [rescueNameOf(file), '--yes'], { encoding: 'utf8' });
    expect(stderr).toContain('stop the service first (systemctl stop shop). Nothing was changed');
    expect(stderr).toContain('has');
    expect(status).toBe(1);
  } finally {
    service.kill('SIGKILL');
    await once(service, 'exit');
  }
  const { status, stderr } = spawnSync('sh', [rescueNameOf(file), '--yes'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const db = new DatabaseSync(sample.library);
  expect(db.prepare('SELECT count(*) AS n FROM hashes').get()?.['n']).toBe(300);
  db.close();
  const written = await compareData(await readManifest(file), sample.sources);
  expect(written.files.changed.count + written.files.added.count).toBe(0);
});

it('is a script that shellcheck has nothing to say of, is executable, and holds what rescue.sh says', async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  await makeHostile(sample);
  const { file } = await backUpSample(sample);
  const script = rescueNameOf(file);
  expect((await stat(script)).mode & 0o777).toBe(0o700);
  const { stdout } = spawnSync('shellcheck', ['--shell=sh', script], { encoding: 'utf8' });
  expect(stdout).toBe('');
  for (const [name, lines] of [
    ['rescue.sh', RESCUE_BODY],
    ['rescue-plain.sh', RESCUE_PLAIN],
    ['rescue-command.sh', RESCUE_COMMAND],
    ['rescue-postgres.sh', RESCUE_POSTGRES],
  ] as const) {
    const part = fileURLToPath(new URL(`../rescue/${name}`, import.meta.url));
    expect(lines.join('\n')).toBe((await readFile(part, 'utf8')).trimEnd());
  }
  expect(existsSync(join(sample.dir, 'HACKED'))).toBe(false);
});
