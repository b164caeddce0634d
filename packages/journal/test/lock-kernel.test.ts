import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { acquireLock, readLock } from '../src/lock.ts';
import { startChild, startChildUnder } from './support/child.ts';

const newFile = async () => join(await tempFolder(), 'app', 'rollout.lock');
const mayUnshare = spawnSync('unshare', ['--uts', '--pid', '--net', '--fork', 'true']).status === 0;

/** Changes what a lock says of its holder, as the lock of another machine, or of another time, would. */
const rewrite = async (file: string, change: Record<string, string | undefined>) => {
  const holder = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, `${JSON.stringify({ ...holder, ...change })}\n`);
};

describe("a lock's holder, asked of the kernel", () => {
  it('is alive while it is stopped, however often it is asked', async () => {
    const file = await newFile();
    const holder = startChild('hold-lock.ts', [file, 'stopped']);
    expect(await holder.line()).toBe('acquired free');
    holder.signal('SIGSTOP');
    // More than its backlog takes.
    for (let asked = 0; asked < 600; asked++)
      expect(await readLock(file)).toMatchObject({ standing: 'alive' });
    await holder.kill();
    expect(await readLock(file)).toMatchObject({ standing: 'gone' });
  });

  it('is gone with its process, although a daemon that it started lives on', async () => {
    const file = await newFile();
    const holder = startChild('hold-lock.ts', [file, 'parent', 'with-daemon']);
    expect(await holder.line()).toBe('acquired free');
    const daemon = Number(await holder.line());
    try {
      await holder.kill();
      expect(process.kill(daemon, 0)).toBe(true);
      expect(await readLock(file)).toMatchObject({ standing: 'gone' });
    } finally {
      process.kill(daemon, 'SIGKILL');
    }
  });

  it.runIf(mayUnshare).each([
    [
      'a host of another name',
      ['unshare', '--uts', 'sh', '-c', 'hostname ci-4711; exec "$@"', 'sh'],
    ],
    ['a pid namespace of its own', ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']],
    [
      'a pid namespace of its own, with the /proc of another',
      ['unshare', '--pid', '--fork', '--kill-child'],
    ],
    ['a network namespace of its own', ['unshare', '--net']],
    [
      'a container without a network, under another name',
      [
        ...[
          'unshare',
          '--pid',
          '--net',
          '--uts',
          '--ipc',
          '--fork',
          '--kill-child',
          '--mount-proc',
        ],
        ...['sh', '-c', 'hostname 3f2a; exec "$@"', 'sh'],
      ],
    ],
  ])('in %s, keeps it while it lives and loses it when it is killed', async (_, prefix) => {
    const file = await newFile();
    const holder = startChildUnder(prefix, 'hold-lock.ts', [file, 'elsewhere']);
    expect(await holder.line()).toBe('acquired free');
    expect(await acquireLock(file, { command: 'here' })).toMatchObject({
      kind: 'held',
      because: 'alive',
    });
    expect(await acquireLock(file, { command: 'here', takeOver: 'if-silent' })).toMatchObject({
      kind: 'held',
      because: 'alive',
    });
    await holder.kill();
    const got = await acquireUntilGone(file);
    expect(got).toMatchObject({ kind: 'acquired', formerStanding: 'gone' });
  });

  it.runIf(mayUnshare)('is judged the same by an asker in a namespace of its own', async () => {
    const file = await newFile();
    const holder = startChild('hold-lock.ts', [file, 'outside']);
    expect(await holder.line()).toBe('acquired free');
    const inside = ['unshare', '--pid', '--net', '--uts', '--fork', '--kill-child', '--mount-proc'];
    const refused = startChildUnder(inside, 'hold-lock.ts', [file, 'inside']);
    expect(await refused.line()).toBe('held outside');
    await holder.kill();
    const taker = startChildUnder(inside, 'hold-lock.ts', [file, 'inside']);
    expect(await taker.line()).toBe('acquired outside');
  });

  it('is found below a path that no socket could have', async () => {
    const file = join(await tempFolder(), 'x'.repeat(90), 'y'.repeat(90), 'rollout.lock');
    const holder = startChild('hold-lock.ts', [file, 'deep']);
    expect(await holder.line()).toBe('acquired free');
    expect(await readFile(file, 'utf8')).toContain('"socket":".rollout.lock.');
    await rewrite(file, { host: 'elsewhere', pidNamespace: 'pid:[1]' });
    expect(await readLock(file)).toMatchObject({ standing: 'alive' });
    await holder.kill();
    expect(await readLock(file)).toMatchObject({ standing: 'gone' });
  });

  it('is asked by its pid where its socket is gone', async () => {
    const file = await newFile();
    const holder = startChild('hold-lock.ts', [file, 'swept']);
    expect(await holder.line()).toBe('acquired free');
    const names = await readdir(join(file, '..'));
    for (const name of names.filter((one) => one.endsWith('.sock')))
      await rm(join(file, '..', name));
    expect(await readLock(file)).toMatchObject({ standing: 'alive' });
    await rewrite(file, { pidNamespace: 'pid:[1]' });
    expect(await readLock(file)).toMatchObject({ standing: 'unvouched' });
    await rewrite(file, { pidNamespace: undefined });
    await holder.kill();
    expect(await readLock(file)).toMatchObject({ standing: 'gone' });
  });

  it('has its role by its command where version 0.1 wrote the lock', async () => {
    const file = await newFile();
    await mkdir(join(file, '..'));
    for (const [command, role] of [
      ['monitor', 'watch'],
      ['monitor --resume', 'watch'],
      ['deploy', 'change'],
    ]) {
      const old = { pid: 1, startedTicks: '1', bootId: '', host: 'x', since: '', command };
      const instance = 'aaaaaaaa-0000-4000-8000-000000000000';
      await writeFile(file, JSON.stringify({ format: 1, ...old, instance }));
      expect(await readLock(file)).toMatchObject({ holder: { role } });
    }
  });

  it('says when it begins to change what it watched, and keeps the lock', async () => {
    const file = await newFile();
    const got = await acquireLock(file, { command: 'monitor', role: 'watch' });
    if (got.kind !== 'acquired') throw new Error('not acquired');
    expect(await got.lock.become('change')).toBe(true);
    expect(await readLock(file)).toEqual({
      holder: { ...got.lock.holder, role: 'change' },
      alive: true,
      standing: 'alive',
    });
    expect(await got.lock.isHeld()).toBe(true);
    const taken = await acquireLock(file, { command: 'rollback', takeOver: 'always' });
    if (taken.kind !== 'acquired') throw new Error('not acquired');
    expect(await got.lock.become('watch')).toBe(false);
    expect(await readLock(file)).toMatchObject({ holder: { command: 'rollback' } });
    await taken.lock.release();
    await got.lock.release();
    expect(await readdir(join(file, '..'))).toEqual([]);
  });
});

/** The kernel ends a container's processes a moment after the one that started it. */
const acquireUntilGone = async (file: string) => {
  for (;;) {
    const got = await acquireLock(file, { command: 'here' });
    if (got.kind === 'acquired') return got;
  }
};

/** What a process that was killed leaves in its lock. */
const lockOfTheDead = async (): Promise<string> => {
  const file = await newFile();
  const holder = startChild('hold-lock.ts', [file, 'before']);
  await holder.line();
  await holder.kill();
  return readFile(file, 'utf8');
};

describe('a lock whose holder, or taker, dies before any of its calls', () => {
  it.each(['acquire', 'take over', 'release'])(
    '(%s) is taken by one of two that come after it',
    async (what) => {
      const phase = what === 'release' ? 'release' : 'acquire';
      let points = 0;
      const dead = what === 'take over' ? await lockOfTheDead() : null;
      for (let killAt = 1; points === 0; killAt++) {
        const file = await newFile();
        await mkdir(join(file, '..'));
        if (dead !== null) await writeFile(file, dead);
        const mortal = startChild('dying-lock.ts', [file, phase, String(killAt)]);
        const survived = await mortal.line();
        await mortal.kill();
        if (survived !== undefined) points = killAt;
        const got = await Promise.all([
          acquireLock(file, { command: 'first' }),
          acquireLock(file, { command: 'second' }),
        ]);
        const winners = got.filter(({ kind }) => kind === 'acquired');
        expect(winners, `killed before call ${killAt}`).toHaveLength(1);
        for (const one of winners) if (one.kind === 'acquired') await one.lock.release();
        // What it was in the middle of is swept once it is old.
        const folder = join(file, '..');
        for (const name of await readdir(folder)) await utimes(join(folder, name), 0, 0);
        const next = await acquireLock(file, { command: 'next' });
        if (next.kind === 'acquired') await next.lock.release();
        expect(await readdir(folder), `killed before call ${killAt}`).toEqual([]);
      }
      expect(points).toBeGreaterThan(4);
    },
    120_000,
  );
});
