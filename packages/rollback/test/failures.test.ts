import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewEvent } from '@dhash/journal';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import type { Service, Validation } from '../src/ports.ts';
import { rollback, undoRollback } from '../src/rollback.ts';
import { drive, makeWorld, newData, oldData, type World, well } from './support/world.ts';

const fails = (message: string) => () => Promise.reject(new Error(message));

const expectAsBefore = async (world: World) => {
  expect(await world.data()).toEqual(newData);
  expect(await world.service.active()).toBe('1.1');
  expect(world.isRunning()).toBe(true);
  expect(await world.leftovers()).toEqual([]);
};

describe('a failure up to the swap', () => {
  it('of the backup, changed since the plan: nothing stops', async () => {
    const world = await makeWorld(await tempFolder());
    const options = await world.optionsFor([]);
    const { facts } = options.plan;
    if (facts.backup === null) throw new Error('the plan has a backup');
    const other = {
      ...options.plan,
      facts: { ...facts, backup: { ...facts.backup, sha256: '0'.repeat(64) } },
    };
    const outcome = await drive(rollback({ ...options, plan: other }), []);
    expect(outcome).toMatchObject({
      kind: 'failed-before-swap',
      step: 'verify',
      error: { code: 'backup-changed' },
    });
    expect(world.calls).toEqual([]);
    await expectAsBefore(world);
  });

  it('of stop: the service is started again and the staged copy removed', async () => {
    const world = await makeWorld(await tempFolder());
    const service: Service = { ...world.service, stop: fails('will not end') };
    const outcome = await drive(rollback(await world.optionsFor([], { service })), []);
    expect(outcome).toMatchObject({
      kind: 'failed-before-swap',
      step: 'stop',
      error: { message: 'will not end' },
    });
    expect(world.calls).toEqual(['start']);
    await expectAsBefore(world);
  });

  it('of the swap: what was swapped is swapped back', async () => {
    const world = await makeWorld(await tempFolder());
    const library = join(world.folder, 'var', 'library.db');
    const kept = join(world.folder, 'kept.db');
    const service: Service = {
      ...world.service,
      stop: async () => {
        await world.service.stop();
        // The second source can't be put aside: a folder is in its place.
        await rename(library, kept);
        await mkdir(join(library, 'in the way'), { recursive: true });
      },
    };
    const outcome = await drive(rollback(await world.optionsFor([], { service })), []);
    expect(outcome).toMatchObject({ kind: 'failed-before-swap', step: 'swap' });
    await rm(library, { recursive: true });
    await rename(kept, library);
    await expectAsBefore(world);
  });

  it('of stop and of the start after it: people are needed, and told so', async () => {
    const world = await makeWorld(await tempFolder());
    const service: Service = {
      ...world.service,
      stop: fails('will not end'),
      start: fails('port in use'),
    };
    const outcome = await drive(rollback(await world.optionsFor([], { service })), []);
    expect(outcome).toMatchObject({
      kind: 'not-validated',
      step: 'stop',
      error: { message: 'port in use' },
      state: expect.stringContaining(
        'The data is the one from before; the release was not switched; the service is stopped',
      ),
    });
    expect(await world.data()).toEqual(newData);
  });
});

describe('a failure after the swap', () => {
  const sick: Validation = { ...well, health: async () => ({ ok: false, reason: 'status 503' }) };
  const smokeFails: Validation = {
    ...well,
    smoke: async () => ({ ok: false, output: '3 of 12 hashes differ' }),
  };
  const cases: [
    string,
    string,
    (world: World) => { service?: Service; validation?: Validation },
  ][] = [
    [
      'activate',
      'Error: no such release',
      (world) => ({ service: { ...world.service, activate: fails('no such release') } }),
    ],
    [
      'start',
      'Error: port in use',
      (world) => ({ service: { ...world.service, start: fails('port in use') } }),
    ],
    ['health', 'status 503', () => ({ validation: sick })],
    ['smoke', '3 of 12 hashes differ', () => ({ validation: smokeFails })],
  ];

  it.each(cases)(
    'of %s: nothing is removed, the state and the commands are said, and it can be resumed',
    async (step, why, change) => {
      const world = await makeWorld(await tempFolder());
      const journal: NewEvent[] = [];
      const outcome = await drive(rollback(await world.optionsFor([], change(world))), journal);
      expect(outcome).toMatchObject({
        kind: 'not-validated',
        step,
        commands: ['./scripts/rollback_dhash.sh --resume --env production'],
        incident: join(world.folder, 'incidents', 'run-1'),
      });
      if (outcome === 'died' || outcome.kind !== 'not-validated') throw new Error('no outcome');
      expect(outcome.state).toContain(why.replace('Error: ', ''));
      expect(outcome.state).toContain('nothing was removed');
      expect(await world.leftovers()).toEqual(['.dhash-restore-run-1-1']);
      expect(await world.data()).toEqual(oldData);
      expect(
        await readFile(join(world.folder, 'incidents', 'run-1', 'record.json'), 'utf8'),
      ).toContain('"not-validated"');

      const again = await drive(rollback(await world.optionsFor([...journal])), journal);
      expect(again).toMatchObject({ kind: 'validated', warnings: [] });
      expect(
        await readFile(join(world.folder, 'incidents', 'run-1', 'record.json'), 'utf8'),
      ).toContain('"validated"');
      expect(await world.leftovers()).toEqual([]);
    },
  );

  it.each(cases)('of %s: it can be undone instead', async (_, __, change) => {
    const world = await makeWorld(await tempFolder());
    const journal: NewEvent[] = [];
    await drive(rollback(await world.optionsFor([], change(world))), journal);
    expect(await drive(undoRollback(await world.optionsFor([...journal])), journal)).toEqual({
      kind: 'done',
    });
    await expectAsBefore(world);
  });

  it('of the proof: the service is not started on data that differs', async () => {
    const world = await makeWorld(await tempFolder());
    const service: Service = {
      ...world.service,
      activate: async (version) => {
        await world.service.activate(version);
        await writeFile(join(world.folder, 'var', 'images', 'b.jpg'), 'rotten');
      },
    };
    const outcome = await drive(rollback(await world.optionsFor([], { service })), []);
    expect(outcome).toMatchObject({
      kind: 'not-validated',
      step: 'prove',
      error: { code: 'restored-data-differs' },
    });
    expect(world.calls).toEqual(['stop', 'activate 1.0']);
    expect(world.isRunning()).toBe(false);
  });

  it('needs three OK in a row, counted anew after each other answer', async () => {
    const world = await makeWorld(await tempFolder());
    const answers = [true, true, false, true, true, 'throw', true, true, true, false];
    let asked = 0;
    const health = async () => {
      const answer = answers[asked++];
      if (answer === 'throw') throw new Error('connection refused');
      return { ok: answer === true };
    };
    const journal: NewEvent[] = [];
    const options = await world.optionsFor([], { validation: { ...well, health } });
    expect(await drive(rollback(options), journal)).toMatchObject({ kind: 'validated' });
    expect(asked).toBe(9);
    expect(
      journal.find(({ type, step }) => type === 'step.done' && step === 'health'),
    ).toMatchObject({ data: { checks: 9 } });
  });

  it('of the safety zip: the service stays validated and what was put aside stays', async () => {
    const world = await makeWorld(await tempFolder());
    const safetyDir = join(world.folder, 'in-the-way');
    await writeFile(safetyDir, 'a file');
    const outcome = await drive(rollback(await world.optionsFor([], { safetyDir })), []);
    expect(outcome).toMatchObject({
      kind: 'validated',
      safety: null,
      warnings: [expect.stringContaining('what was put aside stays')],
    });
    expect(await world.leftovers()).toEqual(['.dhash-restore-run-1-1']);
  });

  it('refuses to undo what was finished, and names the safety zip', async () => {
    const world = await makeWorld(await tempFolder());
    const journal: NewEvent[] = [];
    await drive(rollback(await world.optionsFor([])), journal);
    await expect(drive(undoRollback(await world.optionsFor(journal)), [])).rejects.toMatchObject({
      code: 'already-cleaned',
      message: expect.stringContaining('before-rollback'),
    });
    expect(await world.data()).toEqual(oldData);
  });
});
