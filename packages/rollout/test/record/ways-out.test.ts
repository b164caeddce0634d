import { describe, expect, it } from 'vitest';
import type { RunState } from '../../src/record/run-state.ts';
import { type Situation, standingOf, standings } from '../../src/record/standing.ts';
import { type Act, acts, mayDo, waysOut } from '../../src/record/ways-out.ts';

const state: RunState = {
  run: 'r',
  kind: 'deploy',
  env: 'production',
  status: 'in progress',
  version: '1.1',
  previous: '1.0',
  backup: 'backups/b.zip',
  watch: null,
  rolledBack: null,
  rollbackBy: null,
  service: 'stopped',
  at: 'migrate',
  planned: true,
  undoing: false,
  openedAt: '',
  endedAt: null,
  closed: false,
  reasons: [],
  head: '1:x',
};

const situation = (
  changed: Partial<RunState> | null,
  more: Partial<Situation> = {},
): Situation => ({
  state: changed === null ? null : { ...state, ...changed },
  rollbackUnfinished: false,
  held: 'free',
  drift: null,
  ...more,
});

/** One situation for each standing. */
const each: Record<(typeof standings)[number], Situation> = {
  closed: situation({ status: 'promoted', closed: true }),
  deploying: situation({}),
  undoing: situation({ undoing: true }),
  migrating: situation({ kind: 'migrate' }),
  unmigrating: situation({ kind: 'migrate', undoing: true }),
  'asked to roll back': situation({ kind: 'rollback' }),
  'awaiting guard': situation({ status: 'awaiting guard' }),
  watched: situation({ status: 'watching' }),
  inconclusive: situation({ status: 'inconclusive' }),
  'gate broke': situation({ status: 'alerted' }),
  'rolling back': situation({ status: 'rolling back' }, { rollbackUnfinished: true }),
  'not validated': situation({ status: 'needs people' }, { rollbackUnfinished: true }),
  'not rolled back': situation({ status: 'needs people' }),
  'deploy stuck': situation({ status: 'needs people', undoing: true }),
  'migration stuck': situation({ status: 'needs people', undoing: true, kind: 'migrate' }),
};

const accepted = (given: Situation): Act[] => acts.filter((act) => mayDo(act, given).go);

describe('standingOf', () => {
  it.each(standings)('%s', (standing) => {
    expect(standingOf(each[standing])).toBe(standing);
  });
  it('no run at all is as one that is closed', () => {
    expect(standingOf(situation(null))).toBe('closed');
  });
});

describe('mayDo', () => {
  it.each<[(typeof standings)[number], string]>([
    ['closed', 'deploy, deploy --supersede, monitor, rollback, migrate, start, stop, salvage'],
    ['deploying', 'deploy --resume, deploy --abort, rollback'],
    ['undoing', 'deploy --resume, deploy --abort, rollback'],
    ['migrating', 'rollback, migrate --resume'],
    ['unmigrating', 'rollback, migrate --resume'],
    ['asked to roll back', 'rollback, rollback --resume, start'],
    [
      'awaiting guard',
      'deploy --abort, deploy --supersede, monitor, promote, rollback, start, stop',
    ],
    [
      'watched',
      'deploy --abort, deploy --supersede, monitor, monitor --resume, promote, rollback, start, stop',
    ],
    [
      'inconclusive',
      'deploy --abort, deploy --supersede, monitor, monitor --extend, promote, rollback, start, stop',
    ],
    ['gate broke', 'deploy --abort, deploy --supersede, monitor, promote, rollback, start, stop'],
    ['rolling back', 'rollback, rollback --resume'],
    ['not validated', 'rollback, rollback --resume, start'],
    ['not rolled back', 'deploy --abort, monitor, promote, rollback, start, stop'],
    ['deploy stuck', 'deploy --abort, rollback, start'],
    ['migration stuck', 'rollback, migrate --resume, start'],
  ])('%s', (standing, expected) => {
    expect(accepted(each[standing]).join(', ')).toBe(expected);
  });

  it('whoever changes the environment refuses everybody, whatever the standing', () => {
    for (const standing of standings)
      for (const act of acts)
        expect(mayDo(act, { ...each[standing], held: 'change' })).toMatchObject({
          go: false,
          exit: 7,
        });
  });

  it('a watch that runs gives way, and takes requests', () => {
    expect(accepted({ ...each.watched, held: 'watch' })).toEqual([
      'deploy --abort',
      'promote',
      'pause',
      'rollback',
    ]);
  });

  it('where another release runs, only what is not about this one is left', () => {
    const drifted = { ...each['awaiting guard'], drift: 'drift: …' };
    expect(accepted(drifted)).toEqual(['deploy --supersede', 'rollback', 'start', 'stop']);
    expect(mayDo('promote', drifted)).toEqual({ go: false, why: 'drift: …', exit: 5 });
    // Cut off before its switch, a deploy runs something else by design.
    expect(mayDo('deploy --abort', { ...each.deploying, drift: 'drift: …' }).go).toBe(true);
  });

  it('what asks for an open run is a slip where there is none, and else busy', () => {
    expect(mayDo('deploy --resume', each.closed)).toMatchObject({ exit: 2 });
    expect(mayDo('deploy', each.watched)).toMatchObject({ exit: 7 });
    expect(mayDo('pause', each.watched)).toMatchObject({ exit: 2 });
  });
});

describe('waysOut', () => {
  it.each(standings)('%s: only what is accepted', (standing) => {
    for (const serviceDown of [true, false])
      for (const held of ['free', 'watch', 'change'] as const) {
        const given = { ...each[standing], held };
        for (const { act } of waysOut(given, { serviceDown }))
          expect(mayDo(act, given), `${standing} ${held} ${act}`).toMatchObject({ go: true });
      }
  });

  it.each<[string, Situation, boolean, Act]>([
    ['a deploy that was cut off', each.deploying, true, 'deploy --resume'],
    ['a rollback that was cut off', each['rolling back'], true, 'rollback --resume'],
    ['a service that is down under a good release', each['awaiting guard'], true, 'start'],
    ['a gate that broke', each['gate broke'], false, 'rollback'],
    ['a watch that could not decide', each.inconclusive, false, 'monitor --extend'],
    ['a watch that was cut off', each.watched, false, 'monitor --resume'],
  ])('%s: what helps comes first', (_, given, serviceDown, first) => {
    expect(waysOut(given, { serviceDown })[0]?.act).toBe(first);
  });

  it('goes on with no deploy that had planned nothing', () => {
    const unplanned = situation({ planned: false });
    expect(mayDo('deploy --resume', unplanned)).toMatchObject({ go: false, exit: 2 });
    expect(mayDo('deploy --abort', unplanned).go).toBe(true);
  });
});
