import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acquireLock, type Lock, readLock } from '../src/lock.ts';
import type { LockHolder } from '../src/lock-file.ts';
import { parseProcessStat, thisProcess } from '../src/process-identity.ts';
import { startChild } from './support/child.ts';

const newFile = async () => join(await tempFolder(), 'app', 'rollout.lock');
const instance = (digit: string) => `${digit.repeat(8)}-0000-4000-8000-000000000000`;

const deadPid = async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
};

const plant = async (file: string, change: Partial<LockHolder> = {}) => {
  const holder = {
    ...(await thisProcess()),
    command: 'planted',
    role: 'change' as const,
    since: '',
    instance: instance('a'),
    ...change,
  };
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, JSON.stringify({ format: 1, ...holder }));
  return holder;
};

/** The lock and its holder's socket, and nothing that a taker left. */
const expectOnlyTheLock = async (file: string) => {
  const names = (await readdir(join(file, '..'))).sort();
  const socket =
    process.platform === 'win32'
      ? []
      : [expect.stringMatching(/^\.rollout\.lock\.[0-9a-f]{12}\.sock$/)];
  expect(names).toEqual([...socket, 'rollout.lock']);
};

describe('the lock', () => {
  it('is held by one, named to the next, and free after release', async () => {
    const file = await newFile();
    expect(await readLock(file)).toBeNull();
    const first = await acquireLock(file, { command: 'deploy', run: 'r1', now: () => 0 });
    if (first.kind !== 'acquired') throw new Error('not acquired');
    expect(first.takenOverFrom).toBeNull();
    expect(await readLock(file)).toEqual({
      holder: first.lock.holder,
      alive: true,
      standing: 'alive',
    });
    expect(first.lock.holder).toMatchObject({
      pid: process.pid,
      run: 'r1',
      since: '1970-01-01T00:00:00.000Z',
    });
    const second = await acquireLock(file, { command: 'rollback' });
    expect(second).toMatchObject({
      kind: 'held',
      because: 'alive',
      holder: first.lock.holder,
    });
    expect(await first.lock.isHeld()).toBe(true);
    await first.lock.release();
    await first.lock.release();
    expect(await first.lock.isHeld()).toBe(false);
    expect((await acquireLock(file, { command: 'x' })).kind).toBe('acquired');
    await expectOnlyTheLock(file);
  });

  it('is taken from a running holder only on request; who lost it sees it and removes nothing', async () => {
    const file = await newFile();
    const first = await acquireLock(file, { command: 'monitor' });
    const second = await acquireLock(file, { command: 'rollback', takeOver: 'always' });
    if (first.kind !== 'acquired' || second.kind !== 'acquired') throw new Error('not acquired');
    expect(second.takenOverFrom).toEqual(first.lock.holder);
    expect(await first.lock.isHeld()).toBe(false);
    await first.lock.release();
    expect(await second.lock.isHeld()).toBe(true);
  });

  it.runIf(existsSync('/proc/self/stat')).each([
    ['whose pid is free', async () => ({ pid: await deadPid() }), false],
    ['whose pid went to a later process', async () => ({ startedTicks: '1' }), false],
    ['of an earlier boot', async () => ({ bootId: 'another' }), false],
    [
      'of another host, which cannot be asked',
      async () => ({ host: 'elsewhere', bootId: 'x' }),
      true,
    ],
    ['known by pid only, alive', async () => ({ startedTicks: '', bootId: '' }), true],
    [
      'known by pid only, gone',
      async () => ({ startedTicks: '', bootId: '', pid: await deadPid() }),
      false,
    ],
  ])('judges a holder %s', async (_, change, alive) => {
    const file = await newFile();
    const planted = await plant(file, await change());
    expect(await readLock(file)).toMatchObject({ alive });
    const got = await acquireLock(file, { command: 'deploy' });
    expect(got.kind).toBe(alive ? 'held' : 'acquired');
    if (got.kind === 'acquired') expect(got.takenOverFrom).toEqual(planted);
  });

  it('lets one of many take over from a dead holder', async () => {
    const file = await newFile();
    const after = async (turns: number) => {
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      return acquireLock(file, { command: `c${turns}` });
    };
    for (let round = 0; round < 40; round++) {
      await plant(file, { startedTicks: '1', instance: instance(String(round % 10)) });
      // Staggered, so that in some round one takes over between another's look and its claim.
      const got = await Promise.all(
        Array.from({ length: 6 }, (_, index) => after(index * (round % 9))),
      );
      expect(got.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
      await expectOnlyTheLock(file);
      for (const one of got) if (one.kind === 'acquired') await one.lock.release();
    }
  });

  it('goes on where a taker died in the middle, whatever it left', async () => {
    const file = await newFile();
    await plant(file, { startedTicks: '1', instance: instance('a') });
    const claim = `${file}.takeover-${instance('a')}`;
    await plant(claim, { startedTicks: '1', instance: instance('b') });
    await plant(`${file}.takeover-${instance('b')}`, {
      startedTicks: '1',
      instance: instance('c'),
    });
    const got = await Promise.all(['x', 'y', 'z'].map((command) => acquireLock(file, { command })));
    expect(got.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
    await expectOnlyTheLock(file);
  });

  it('leaves a takeover that is under way to its taker', async () => {
    const file = await newFile();
    await plant(file, { startedTicks: '1', instance: instance('a') });
    const taker = await plant(`${file}.takeover-${instance('a')}`, {
      instance: instance('b'),
      command: 'taker',
    });
    expect(await acquireLock(file, { command: 'late' })).toMatchObject({
      kind: 'held',
      because: 'alive',
      holder: taker,
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ instance: instance('a') });
  });

  it.each(['', '{}', '{"format":2}', 'pid 12'])('says so where the file holds %j', async (text) => {
    const file = await newFile();
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text);
    await expect(acquireLock(file, { command: 'x' })).rejects.toMatchObject({ code: 'bad-lock' });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('passes between real processes: refused while the holder lives, taken over after kill -9', async () => {
    const file = await newFile();
    const holder = startChild('hold-lock.ts', [file, 'first']);
    expect(await holder.line()).toBe('acquired free');
    const refused = startChild('hold-lock.ts', [file, 'second']);
    expect(await refused.line()).toBe('held first');
    await holder.kill();
    const takers = ['third', 'fourth', 'fifth'].map((name) =>
      startChild('hold-lock.ts', [file, name]),
    );
    const got = await Promise.all(takers.map((taker) => taker.line()));
    expect(got.filter((line) => line === 'acquired first')).toHaveLength(1);
    expect(got.filter((line) => line?.startsWith('held'))).toHaveLength(2);
  });

  it('is never held by two, whatever several do at once', async () => {
    const act = fc.constantFrom('take', 'take by force', 'change role', 'give back');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(act, act, act), { maxLength: 6 }), async (rounds) => {
        const file = await newFile();
        const locks: (Lock | null)[] = [null, null, null];
        const perform = async (actor: number, what: string) => {
          const own = locks[actor] ?? null;
          if (what === 'give back') await own?.release();
          if (what === 'change role') await own?.become('watch');
          if (!what.startsWith('take') || own !== null) return;
          const takeOver = what === 'take' ? 'if-gone' : 'always';
          const got = await acquireLock(file, { command: `actor ${actor}`, takeOver });
          if (got.kind === 'acquired') locks[actor] = got.lock;
        };
        for (const round of rounds) {
          await Promise.all(round.map((what, actor) => perform(actor, what)));
          const held = await Promise.all(
            locks.map(async (lock) => (await lock?.isHeld()) === true),
          );
          expect(held.filter(Boolean).length).toBe((await readLock(file)) === null ? 0 : 1);
          for (const [actor, isHeld] of held.entries()) {
            if (!isHeld) await locks[actor]?.release();
            if (!isHeld) locks[actor] = null;
          }
        }
        for (const lock of locks) await lock?.release();
        expect(await readdir(join(file, '..')).catch(() => [])).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('reads a process state whose command holds spaces and brackets', () => {
    const fields = ['S', ...Array.from({ length: 18 }, (_, index) => String(index)), '4711', '9'];
    expect(parseProcessStat(`12 (a) b (c)) ${fields.join(' ')}`)).toEqual({
      state: 'S',
      startedTicks: '4711',
    });
    expect(parseProcessStat('12 (cut')).toBeNull();
  });
});
