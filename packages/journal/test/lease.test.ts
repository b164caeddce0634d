import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { isSilent, type LeaseClock, leaseMs, startRenewing } from '../src/lease.ts';
import { acquireLock, readLock } from '../src/lock.ts';
import { createExclusively, type LockHolder } from '../src/lock-file.ts';
import { thisProcess } from '../src/process-identity.ts';

const elsewhere = async (): Promise<LockHolder> => ({
  ...(await thisProcess()),
  host: 'elsewhere',
  bootId: '00000000-0000-4000-8000-000000000000',
  command: 'deploy',
  role: 'change',
  since: '2026-11-30T00:00:00.000Z',
  instance: 'aaaaaaaa-0000-4000-8000-000000000000',
});

/** The lock of a process of another machine, renewed so long ago. */
const lockOfElsewhere = async (renewedAgoMs: number) => {
  const file = join(await tempFolder(), 'rollout.lock');
  const made = await createExclusively(file, await elsewhere());
  if (made === null) throw new Error('not made');
  const at = new Date(Date.now() - renewedAgoMs);
  await utimes(file, at, at);
  return { file, made };
};

/** A clock that a watch of a lease runs through at once; `onSleep` happens in each of its pauses. */
const swift = (onSleep: (turn: number) => Promise<void> = async () => undefined) => {
  let nowMs = 0;
  let turn = 0;
  const clock: LeaseClock = {
    elapsedMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      turn += 1;
      await onSleep(turn);
    },
  };
  return { clock, waitedMs: () => nowMs };
};

describe('a lock whose holder nothing here can ask', () => {
  it.each([0, 10 * leaseMs])('is not taken unasked, renewed %i ms ago', async (agoMs) => {
    const { file } = await lockOfElsewhere(agoMs);
    const got = await acquireLock(file, { command: 'here' });
    expect(got).toMatchObject({ kind: 'held', because: 'unvouched' });
    if (got.kind === 'held') expect(got.renewedAgoMs).toBeGreaterThanOrEqual(agoMs - 1000);
    expect(await readLock(file)).toMatchObject({ alive: true, standing: 'unvouched' });
    expect(await readdir(join(file, '..'))).toEqual(['rollout.lock']);
  });

  it('is taken at once where asked for and its lease ran out', async () => {
    const { file } = await lockOfElsewhere(leaseMs + 5000);
    const { clock, waitedMs } = swift();
    const got = await acquireLock(file, { command: 'here', takeOver: 'if-silent', clock });
    expect(got).toMatchObject({
      kind: 'acquired',
      formerStanding: 'unvouched',
      takenOverFrom: { host: 'elsewhere' },
    });
    expect(waitedMs()).toBe(0);
  });

  it.each([
    ['fresh', 0],
    ['of a clock that is ahead', -3_600_000],
  ])('is watched for a lease where it is %s, and then taken', async (_, agoMs) => {
    const { file } = await lockOfElsewhere(agoMs);
    const { clock, waitedMs } = swift();
    const got = await acquireLock(file, { command: 'here', takeOver: 'if-silent', clock });
    expect(got).toMatchObject({ kind: 'acquired', formerStanding: 'unvouched' });
    expect(waitedMs()).toBe(leaseMs);
  });

  it('stays with a holder that renews it meanwhile', async () => {
    const { file, made } = await lockOfElsewhere(1000);
    const { clock, waitedMs } = swift(async (turn) => {
      if (turn === 9) await made.renew();
    });
    const got = await acquireLock(file, { command: 'here', takeOver: 'if-silent', clock });
    expect(got).toMatchObject({ kind: 'held', because: 'renewed' });
    expect(waitedMs()).toBeLessThan(leaseMs);
    expect(await readdir(join(file, '..'))).toEqual(['rollout.lock']);
  });

  it('stops being watched where its asker is interrupted', async () => {
    const { file } = await lockOfElsewhere(0);
    const signal = AbortSignal.abort(new Error('interrupted by SIGINT'));
    await expect(
      acquireLock(file, { command: 'here', takeOver: 'if-silent', signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readLock(file)).toMatchObject({ holder: { host: 'elsewhere' } });
  });

  it('can be taken where its taker died elsewhere in the middle of it', async () => {
    const { file } = await lockOfElsewhere(leaseMs * 2);
    const claim = `${file}.takeover-aaaaaaaa-0000-4000-8000-000000000000`;
    const taker = { ...(await elsewhere()), instance: 'bbbbbbbb-0000-4000-8000-000000000000' };
    await writeFile(claim, JSON.stringify({ format: 1, ...taker }));
    const { clock, waitedMs } = swift();
    expect(await acquireLock(file, { command: 'here', takeOver: 'if-gone' })).toMatchObject({
      kind: 'held',
    });
    const got = await acquireLock(file, { command: 'here', takeOver: 'if-silent', clock });
    expect(got).toMatchObject({ kind: 'acquired' });
    expect(waitedMs()).toBe(leaseMs);
    expect((await readdir(join(file, '..'))).filter((name) => name.includes('takeover'))).toEqual(
      [],
    );
  });
});

describe('a lease', () => {
  it('is renewed in place, by the clock of the file system', async () => {
    const { file, made } = await lockOfElsewhere(60_000);
    const text = await readFile(file, 'utf8');
    const { ino } = await stat(file);
    await made.renew();
    const after = await stat(file);
    expect(after.ino).toBe(ino);
    expect(Math.abs(after.mtimeMs - Date.now())).toBeLessThan(10_000);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('is renewed by its holder for as long as that has it', async () => {
    const { file, made } = await lockOfElsewhere(60_000);
    const stop = startRenewing(made, 1);
    while (Date.now() - (await stat(file)).mtimeMs > 30_000)
      await new Promise((resolve) => setImmediate(resolve));
    stop();
    await made.close();
  });

  it('is over where the lock is gone', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'app'));
    const { clock } = swift();
    expect(await isSilent(join(folder, 'app', 'rollout.lock'), { clock })).toBe(true);
  });
});
