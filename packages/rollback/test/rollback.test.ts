import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Progress, verifyBackup } from '@dhash/backup-core';
import type { NewEvent } from '@dhash/journal';
import { tempFolder } from '@dhash/testkit';
import JSZip from 'jszip';
import { describe, expect, it } from 'vitest';
import { planReleaseRollback, rollbackSteps } from '../src/plan-rollback.ts';
import { rollback } from '../src/rollback.ts';
import { drive, makeWorld, newData, oldData } from './support/world.ts';

const short = (journal: readonly NewEvent[]) =>
  journal.map(({ type, step }) => `${type.slice(5)} ${String(step)}`);

it('of the release alone needs no backup and leaves the data as it is', async () => {
  const world = await makeWorld(await tempFolder());
  const journal: NewEvent[] = [];
  const before = await world.data();
  const facts = { service: 'cards', env: 'production', activeRelease: '1.1', sources: [] };
  const plan = planReleaseRollback(facts, '1.0');
  const outcome = await drive(rollback({ ...(await world.optionsFor(journal)), plan }), journal);
  expect(outcome).toMatchObject({ kind: 'validated', safety: null, proof: null, warnings: [] });
  expect(world.calls).toEqual(['stop', 'activate 1.0', 'start']);
  expect(await world.data()).toEqual(before);
  expect(journal.flatMap(({ type, step }) => (type === 'step.done' ? [step] : []))).toEqual([
    'verify',
    'stop',
    'activate',
    'start',
    'health',
    'smoke',
    'incident',
  ]);
});

describe('a rollback', () => {
  it('says how far verification, restore and safety copy have come', async () => {
    const world = await makeWorld(await tempFolder());
    const journal: NewEvent[] = [];
    const seen: string[] = [];
    const options = await world.optionsFor(journal);
    const onProgress = ({ phase, bytes, totalBytes }: Progress) => {
      const step = journal.findLast(({ type }) => type === 'step.started')?.['step'];
      if (bytes === totalBytes) seen.push(`${String(step)}: ${phase}`);
    };
    await drive(rollback({ ...options, onProgress }), journal);
    const whole = ['verify: verify', 'stage: verify', 'stage: stage'];
    const kept = ['safety: copy', 'safety: write', 'safety: verify'];
    expect([...new Set(seen)]).toEqual([...whole, ...kept]);
  });

  it('puts release and data back, proves them, keeps what it replaced, and says what was written since', async () => {
    const world = await makeWorld(await tempFolder());
    const journal: NewEvent[] = [];
    const options = await world.optionsFor(journal, {
      report: async () => '<p>gates</p>',
      head: () => '9:abc',
    });
    const outcome = await drive(rollback(options), journal);

    expect(outcome).toMatchObject({
      kind: 'validated',
      warnings: [],
      incident: options.incidentDir,
    });
    if (outcome === 'died' || outcome.kind !== 'validated') throw new Error('not validated');
    expect(short(journal)).toEqual(
      rollbackSteps.flatMap((step) => [`started ${step}`, `done ${step}`]),
    );
    expect(journal.every(({ scope }) => scope === 'rollback')).toBe(true);
    expect(world.calls).toEqual(['stop', 'activate 1.0', 'start']);
    expect(await world.service.active()).toBe('1.0');
    expect(await world.data()).toEqual(oldData);
    expect(await world.leftovers()).toEqual([]);
    expect(outcome.proof).toMatchObject({ tables: { library: { cards: 2 } } });

    const { manifest } = await verifyBackup(outcome.safety ?? '');
    expect(manifest).toMatchObject({ release: '1.1', env: 'production', complete: true });
    expect(manifest.entries.map((entry) => entry.path)).toEqual(
      expect.arrayContaining(['images/b.jpg', 'images/c.jpg']),
    );

    expect((await readdir(options.incidentDir)).sort()).toEqual([
      'incident-run-1.zip',
      'record.json',
      'report.html',
      'restore-log.txt',
    ]);
    const record = JSON.parse(await readFile(join(options.incidentDir, 'record.json'), 'utf8'));
    expect(record).toMatchObject({
      format: 1,
      run: 'run-1',
      head: '9:abc',
      reason: options.reason,
      release: { from: '1.1', to: '1.0' },
      safety: { file: outcome.safety },
      written: JSON.parse(JSON.stringify(outcome.written)),
    });
    expect(record.written).toMatchObject({
      files: {
        // A folder that holds nothing any more is a line of its own.
        added: { count: 2, names: ['images/c.jpg', 'images/cards'] },
        changed: { count: 1, names: ['images/b.jpg'] },
        removed: { count: 1, names: ['images/cards/a.jpg'] },
      },
      tables: [{ source: 'library', table: 'cards', before: 2, after: 3 }],
    });
    const log = await readFile(join(options.incidentDir, 'restore-log.txt'), 'utf8');
    expect(log).toMatch(/^2026-01-02T\S+ verify started\n/);
    expect(log).toMatch(/swap done in \d+ ms/);
    const zip = await JSZip.loadAsync(
      await readFile(join(options.incidentDir, 'incident-run-1.zip')),
    );
    expect(Object.keys(zip.files).sort()).toEqual([
      'record.json',
      'report.html',
      'restore-log.txt',
    ]);
    expect(await zip.file('restore-log.txt')?.async('string')).toBe(log);
  });

  it('says what left the live data though backups leave it out since, and keeps it in the safety zip', async () => {
    const world = await makeWorld(await tempFolder());
    const sources = world.sources.map((source) =>
      source.type === 'files' ? { ...source, exclude: ['c.jpg'] } : source,
    );
    const options = await world.optionsFor([]);
    const { facts } = options.plan;
    const plan = { ...options.plan, facts: { ...facts, sources } };
    const outcome = await drive(rollback({ ...options, plan }), []);
    if (outcome === 'died' || outcome.kind !== 'validated') throw new Error('not validated');
    // The backup was taken before it was left out, and replaces the whole folder.
    expect(outcome.written?.files.added.names).toEqual(['images/c.jpg', 'images/cards']);
    const { manifest } = await verifyBackup(outcome.safety ?? '');
    expect(manifest.entries.map((entry) => entry.path)).toContain('images/c.jpg');
  });

  it('leaves the data alone where only the release goes back', async () => {
    const world = await makeWorld(await tempFolder());
    const outcome = await drive(rollback(await world.optionsFor([], { data: 'keep' })), []);
    expect(outcome).toMatchObject({ kind: 'validated', safety: null, proof: null, written: null });
    expect(world.calls).toEqual(['stop', 'activate 1.0', 'start']);
    expect(await world.data()).toEqual(newData);
  });

  it('activates nothing where the stamped release is the active one', async () => {
    const world = await makeWorld(await tempFolder());
    await world.service.activate('1.0');
    world.calls.length = 0;
    const outcome = await drive(rollback(await world.optionsFor([])), []);
    expect(outcome).toMatchObject({ kind: 'validated' });
    expect(world.calls).toEqual(['stop', 'start']);
    expect(await world.data()).toEqual(oldData);
  });

  const events = rollbackSteps.length * 2;
  it.each(['recorded', 'lost'] as const)(
    'killed at any event, its line %s, a resume ends where an unbroken one does',
    async (line) => {
      for (let event = 0; event < events; event++) {
        const world = await makeWorld(await tempFolder());
        const journal: NewEvent[] = [{ type: 'rollback.started' }];
        expect(
          await drive(rollback(await world.optionsFor([...journal])), journal, { event, line }),
        ).toBe('died');
        const outcome = await drive(rollback(await world.optionsFor([...journal])), journal);
        expect(outcome, `killed at event ${event}`).toMatchObject({
          kind: 'validated',
          warnings: [],
        });
        expect(await world.data()).toEqual(oldData);
        expect(await world.service.active()).toBe('1.0');
        expect(world.isRunning()).toBe(true);
        expect(await world.leftovers()).toEqual([]);
        const safety = (await readdir(join(world.folder, 'backups', 'safety'))).filter((name) =>
          name.endsWith('.zip'),
        );
        expect(safety.length).toBeGreaterThanOrEqual(1);
        const log = await readFile(
          join(world.folder, 'incidents', 'run-1', 'restore-log.txt'),
          'utf8',
        );
        expect(log).toContain('verify done');
      }
    },
  );

  it('goes on after an interruption, and undoes nothing for it', async () => {
    const world = await makeWorld(await tempFolder());
    const abort = new AbortController();
    const journal: NewEvent[] = [];
    const stopping = {
      ...world.service,
      stop: async () => {
        await world.service.stop();
        abort.abort(new Error('SIGTERM'));
      },
    };
    const options = await world.optionsFor([], { service: stopping, signal: abort.signal });
    await expect(drive(rollback(options), journal)).rejects.toThrow('SIGTERM');
    expect(world.isRunning()).toBe(false);
    expect(await drive(rollback(await world.optionsFor(journal)), journal)).toMatchObject({
      kind: 'validated',
    });
    expect(await world.data()).toEqual(oldData);
  });

  it('stops the service again where someone started it while the process was dead', async () => {
    const world = await makeWorld(await tempFolder());
    const journal: NewEvent[] = [];
    // Event 5 is `stop` done.
    await drive(rollback(await world.optionsFor([])), journal, { event: 5, line: 'recorded' });
    await world.service.start();
    const service = {
      ...world.service,
      activate: async (version: string) => {
        expect(world.isRunning()).toBe(false);
        await world.service.activate(version);
      },
    };
    const outcome = await drive(
      rollback(await world.optionsFor([...journal], { service })),
      journal,
    );
    expect(outcome).toMatchObject({ kind: 'validated' });
    expect(world.calls).toEqual(['stop', 'start', 'stop', 'activate 1.0', 'start']);
  });

  it('makes a switch again that a crash lost after it was recorded', async () => {
    const world = await makeWorld(await tempFolder());
    const journal: NewEvent[] = [];
    // Event 9 is `activate` done.
    await drive(rollback(await world.optionsFor([])), journal, { event: 9, line: 'recorded' });
    await world.service.activate('1.1');
    const outcome = await drive(rollback(await world.optionsFor([...journal])), journal);
    expect(outcome).toMatchObject({ kind: 'validated' });
    expect(await world.service.active()).toBe('1.0');
    expect(world.calls.slice(-2)).toEqual(['activate 1.0', 'start']);
  });

  it('counts only what follows the newest rollback.started, and no other steps of the run', async () => {
    const world = await makeWorld(await tempFolder());
    const past: NewEvent[] = [
      { type: 'step.done', step: 'stop', data: null, ms: 1 },
      { type: 'step.done', step: 'swap', scope: 'rollback', data: null, ms: 1 },
      { type: 'rollback.started' },
    ];
    expect(await drive(rollback(await world.optionsFor(past)), [])).toMatchObject({
      kind: 'validated',
    });
    expect(world.calls).toEqual(['stop', 'activate 1.0', 'start']);
    expect(existsSync(join(world.folder, 'incidents', 'run-1', 'record.json'))).toBe(true);
  });

  it('does not start anew over a swap that was cut off', async () => {
    const world = await makeWorld(await tempFolder());
    const past: NewEvent[] = [
      { type: 'step.started', step: 'swap', scope: 'rollback' },
      { type: 'rollback.started' },
    ];
    await expect(drive(rollback(await world.optionsFor(past)), [])).rejects.toMatchObject({
      code: 'unfinished-swap',
    });
    expect(world.calls).toEqual([]);
  });
});
