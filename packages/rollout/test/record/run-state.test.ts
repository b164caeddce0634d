import { describe, expect, it } from 'vitest';
import { displayedStatus, foldRun, whichRelease } from '../../src/record/run-state.ts';
import { recorded as events } from './recorded.ts';

const opened = { type: 'run.opened', kind: 'deploy', env: 'production', version: '1.1' };
const planned = { type: 'deploy.planned', version: '1.1', previous: '1.0' };
const awaiting = { type: 'deploy.awaiting-guard' };
const started = { type: 'watch.started', startedAt: 1000, fingerprint: 'f' };
const ended = (decision: string) => ({ type: 'watch.ended', decision, reasons: ['because'] });
const closed = (outcome: string) => ({ type: 'run.closed', outcome });

describe('foldRun', () => {
  it.each([
    ['a run that has only begun', [opened], 'in progress', false],
    ['a planned deploy', [opened, planned], 'in progress', false],
    ['a deploy whose steps are through', [opened, planned, awaiting], 'awaiting guard', false],
    ['a watch', [opened, planned, awaiting, started], 'watching', false],
    [
      'an interrupted watch',
      [opened, planned, awaiting, started, ended('interrupted')],
      'interrupted',
      false,
    ],
    ['a paused watch', [opened, awaiting, started, ended('paused')], 'interrupted', false],
    [
      'a resumed watch',
      [opened, awaiting, started, ended('interrupted'), { type: 'watch.resumed' }],
      'watching',
      false,
    ],
    ['a frozen release', [opened, awaiting, started, ended('freeze')], 'frozen', false],
    ['an alert', [opened, awaiting, started, ended('alert')], 'alerted', false],
    ['not enough data', [opened, awaiting, started, ended('inconclusive')], 'inconclusive', false],
    [
      'a promotion',
      [opened, awaiting, started, ended('promote'), closed('promoted')],
      'promoted',
      true,
    ],
    [
      'a rollback under way',
      [opened, awaiting, started, ended('rollback'), { type: 'rollback.started' }],
      'rolling back',
      false,
    ],
    [
      'a rollback withheld',
      [opened, awaiting, started, ended('rollback'), { type: 'rollback.withheld' }],
      'alerted',
      false,
    ],
    [
      'a rollback that did not validate',
      [opened, { type: 'rollback.started' }, { type: 'rollback.not-validated' }],
      'needs people',
      false,
    ],
    [
      'a rollback that did',
      [opened, { type: 'rollback.started' }, closed('rolled back')],
      'rolled back',
      true,
    ],
    ['a failed deploy', [opened, planned, closed('failed and undone')], 'failed and undone', true],
  ])('%s', (_, given, status, isClosed) => {
    const state = foldRun('r', events(...given));
    expect(state?.status).toBe(status);
    expect(state?.closed).toBe(isClosed);
  });

  it('takes the newest backup step as the backup of the run', () => {
    const state = foldRun(
      'r',
      events(
        opened,
        { type: 'step.done', step: 'backup', data: { file: 'backups/a.zip' } },
        { type: 'step.done', step: 'lay', data: { file: 'not a backup' } },
        { type: 'step.done', step: 'backup-stopped', data: { file: 'backups/b.zip' } },
      ),
    );
    expect(state?.backup).toBe('backups/b.zip');
  });

  it('keeps what a rollback went from and to', () => {
    const state = foldRun(
      'r',
      events(opened, { type: 'rollback.started', from: '1.1', to: '1.1' }),
    );
    expect(state?.rolledBack).toEqual({ from: '1.1', to: '1.1' });
  });

  it('knows no run where no line was written', () => {
    expect(foldRun('r', [])).toBeNull();
  });

  it('carries the head of the record', () => {
    expect(foldRun('r', events(opened, planned))?.head).toBe('2:h2');
  });
});

it('calls a run interrupted whose process is gone, and leaves decided ones alone', () => {
  const watching = foldRun('r', events(opened, started));
  const promoted = foldRun('r', events(opened, closed('promoted')));
  if (watching === null || promoted === null) throw new Error('both runs have events');
  expect(displayedStatus(watching, true)).toBe('watching');
  expect(displayedStatus(watching, false)).toBe('interrupted');
  expect(displayedStatus(promoted, false)).toBe('promoted');
});

describe('whichRelease', () => {
  const back = (from: string | null, to: string | null) => [
    opened,
    planned,
    { type: 'rollback.started', from, to },
  ];
  it.each([
    ['a migration', [{ type: 'run.opened', kind: 'migrate', env: 'production' }], ''],
    ['a deploy', [opened, planned, closed('promoted')], ', release 1.1'],
    ['a rollback under way', back('1.1', '1.0'), ', release 1.1'],
    ['a rollback', [...back('1.1', '1.0'), closed('rolled back')], ' from release 1.1 to 1.0'],
    [
      'one to nothing',
      [...back('1.1', null), closed('rolled back')],
      ' from release 1.1 to (none)',
    ],
    [
      'one of the data',
      [...back('1.1', '1.1'), closed('rolled back')],
      ', the data alone: release 1.1 stayed',
    ],
  ])('%s', (_what, given, expected) => {
    const state = foldRun('r', events(...given));
    expect(state && whichRelease(state)).toBe(expected);
  });
});
