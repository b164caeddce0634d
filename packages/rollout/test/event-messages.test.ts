import { describe, expect, it } from 'vitest';
import { messagesOf } from '../src/notify/event-messages.ts';
import type { RecordedEvent } from '../src/record/events.ts';

const shown = {
  path: (file: string) => file,
  typed: (command: string, flags = '') => `${command} ${flags}`.trimEnd(),
  report: 'report.html',
  incident: 'incidents/r',
  salvage: 'npx dhash-rollout salvage r',
};
const planned = { type: 'deploy.planned', version: '1.1', previous: '1.0' };

/** What people hear of the last of these events. */
const heard = (...given: { type: string; [field: string]: unknown }[]) => {
  const events = given.map((event, index) => ({ seq: index + 1, ...event }));
  const last = events.at(-1);
  if (last === undefined) throw new Error('no event');
  return messagesOf(
    last as unknown as RecordedEvent,
    events as unknown as RecordedEvent[],
    shown,
  ).map(({ event, variables }) => ({ event, ...variables }));
};

const done = (step: string, data: unknown, scope?: string) => ({
  type: 'step.done',
  step,
  data,
  ...(scope === undefined ? {} : { scope }),
});
const release = { version: '1.1', previous: '1.0' };

describe('messagesOf', () => {
  it('a backup and migrations are told, a backup that shrank as well', () => {
    expect(heard(planned, done('backup-stopped', { file: 'backups/a.zip', entries: 7 }))).toEqual([
      {
        event: 'backup-done',
        step: 'backup-stopped',
        backup: 'backups/a.zip',
        files: '7',
        ...release,
      },
    ]);
    expect(heard(planned, done('migrate', {}))).toEqual([
      { event: 'migrate-done', step: 'migrate', ...release },
    ]);
    const shrunken = { file: 'b.zip', entries: 1, shrunken: ['files: 10 → 1 entries'] };
    expect(heard(planned, done('backup', shrunken))[1]).toMatchObject({
      event: 'backup-shrank',
      summary: expect.stringContaining('files: 10 → 1 entries. It is kept'),
    });
    expect(heard(planned, done('start', {}))).toEqual([]);
    expect(heard(planned, done('stage', {}, 'rollback'))).toEqual([]);
  });

  it('a deploy is told from its start to its guard', () => {
    expect(heard(planned)).toEqual([{ event: 'deploy-started', ...release }]);
    expect(heard(planned, { type: 'deploy.awaiting-guard', version: '1.1' })).toEqual([
      { event: 'deploy-done', ...release },
    ]);
  });

  const failed = { type: 'step.failed', step: 'smoke', error: 'exit 1' };
  const started = {
    type: 'rollback.started',
    from: '1.1',
    to: '1.0',
    reason: 'smoke failed',
    backup: '/b.zip',
    trigger: 'undo',
  };
  it.each<[string, { type: string; [field: string]: unknown }[], string[]]>([
    [
      'a failed deploy that was undone',
      [planned, failed, { type: 'undo.verified' }],
      ['deploy-failed'],
    ],
    ['an abort on request', [planned, { type: 'undo.verified' }], []],
    [
      'a failed deploy whose data went back is no rollback',
      [planned, failed, started, { type: 'rollback.validated' }],
      ['deploy-failed'],
    ],
    [
      'an undo that failed',
      [planned, failed, { type: 'run.stuck', problem: 'p' }],
      ['deploy-failed'],
    ],
    ['a migration whose undo failed', [{ type: 'run.stuck', problem: 'p' }], ['people-needed']],
    [
      'a broken gate',
      [
        planned,
        {
          type: 'watch.ended',
          decision: 'rollback',
          reasons: ['r'],
          broken: [{ gate: 'errors', sentence: 's' }],
        },
      ],
      ['gate-break'],
    ],
    [
      'a promotion',
      [planned, { type: 'watch.ended', decision: 'promote', reasons: [] }],
      ['success'],
    ],
    [
      'a watch that could not decide',
      [planned, { type: 'watch.ended', decision: 'inconclusive', reasons: [] }],
      ['inconclusive'],
    ],
    [
      'a watch that was stopped',
      [planned, { type: 'watch.ended', decision: 'paused', reasons: [] }],
      [],
    ],
    ['a guard that died', [planned, { type: 'watch.lost', error: 'EIO' }], ['guard-lost']],
    [
      'samples that are not written',
      [planned, { type: 'watch.impaired', error: 'EIO' }],
      ['guard-impaired'],
    ],
    [
      'data that could not be put back now',
      [planned, { type: 'way-back.looked', obstacles: ['orders: no room'] }],
      ['way-back-gone'],
    ],
    [
      'data that could be put back again',
      [planned, { type: 'way-back.looked', obstacles: [] }],
      [],
    ],
    [
      'a rollback that is left to people',
      [planned, { type: 'rollback.withheld', why: 'drift' }],
      ['rollback-withheld'],
    ],
    [
      'a rollback that could not be done',
      [planned, { type: 'rollback.failed', error: 'e', state: 's' }],
      ['rollback-failed'],
    ],
    [
      "a gate's rollback that was put back is told once, by what follows",
      [
        planned,
        { ...started, trigger: 'gate' },
        { type: 'rollback.put-back', step: 'stop', error: 'e' },
      ],
      [],
    ],
    [
      "a person's rollback that was put back",
      [
        planned,
        { ...started, trigger: 'person' },
        { type: 'rollback.put-back', step: 'stop', error: 'e' },
      ],
      ['rollback-failed'],
    ],
    [
      'a service that was left down',
      [planned, { type: 'service.left-down', why: 'w', command: 'c' }],
      ['production-down'],
    ],
  ])('%s', (_, events, expected) => {
    expect(heard(...events).map(({ event }) => event)).toEqual(expected);
  });

  it('a rollback that is done says what it took out, and where that lies', () => {
    const written = {
      files: { added: { count: 2 }, changed: { count: 0 }, removed: { count: 0 } },
      tables: [{ source: 'lib', table: 'rows', before: 3, after: 5 }],
    };
    expect(
      heard(
        planned,
        { ...started, trigger: 'gate' },
        done('safety', { file: 'backups/safety/s.zip' }, 'rollback'),
        done('incident', { folder: 'f', zip: 'z', written }, 'rollback'),
        { type: 'rollback.validated', from: '1.1', to: '1.0' },
      ),
    ).toEqual([
      {
        event: 'rollback-done',
        version: '1.1',
        previous: '1.0',
        reason: 'smoke failed',
        backup: '/b.zip',
        incident: 'incidents/r',
        safety: 'backups/safety/s.zip',
        summary:
          '2 files added, lib.rows 3 → 5 rows (look into it, and put it back: npx dhash-rollout salvage r)',
      },
    ]);
  });
});
