import { describe, expect, it } from 'vitest';
import type { RecordedRun } from '../../src/record/runs.ts';
import { brokeAtTheTime, endingOfRun } from '../../src/scorecard/run-ending.ts';
import { opened } from '../opened.ts';
import { folded, recorded } from '../record/recorded.ts';

type Event = { readonly type: string; readonly [field: string]: unknown };

const run = (...events: readonly Event[]): RecordedRun => {
  const all = recorded(opened(), ...events);
  return { state: folded(all), events: all };
};
const byHand = (from: string, to: string): RecordedRun => {
  const all = recorded(
    opened({ kind: 'rollback', version: null }),
    { type: 'rollback.started', from, to, trigger: 'person' },
    { type: 'run.closed', outcome: 'rolled back' },
  );
  return { state: folded(all), events: all };
};

const planned = (version: string) => ({ type: 'deploy.planned', version, previous: '1.0' });
const deploy = (version: string, ...events: readonly Event[]) => run(planned(version), ...events);
const watched = { type: 'watch.started', startedAt: 0, fingerprint: 'f' };
const promoted = { type: 'run.closed', outcome: 'promoted' };
const overridden = { ...promoted, user: 'ann', reason: 'the queue is known' };
const back = (trigger: string, to = '1.0') => [
  { type: 'rollback.started', from: '1.1', to, trigger },
  { type: 'run.closed', outcome: 'rolled back' },
];
const good = deploy('1.1', watched, promoted);
const bad = deploy('1.1', watched, ...back('gate'));

describe('what became of a watched deploy', () => {
  it.each<[string, RecordedRun, readonly RecordedRun[], string]>([
    ['its watch promoted it', good, [], 'promoted'],
    ['a person promoted it', deploy('1.1', watched, overridden), [], 'overridden'],
    ['a gate took it out', bad, [], 'rolled back'],
    ['a person took it out', deploy('1.1', watched, ...back('person')), [], 'rolled back'],
    ['a fix came after it', bad, [deploy('1.2', watched, promoted)], 'rolled back'],
    ['it came again and was promoted', bad, [deploy('1.1', watched, promoted)], 'returned'],
    ['it came again and went again', bad, [bad], 'rolled back'],
    ['only its data went back', deploy('1.1', ...back('person', '1.1')), [], 'undecided'],
    ['a person took it out after it was promoted', good, [byHand('1.1', '1.0')], 'rolled back'],
    ['another was taken out later', good, [byHand('1.2', '1.1')], 'promoted'],
    ['its data alone went back later', good, [byHand('1.1', '1.1')], 'promoted'],
    [
      'another deploy went over it before a rollback',
      good,
      [deploy('1.2', watched, promoted), byHand('1.1', '1.0')],
      'promoted',
    ],
    ['it is watched still', deploy('1.1', watched), [], 'undecided'],
    [
      'another deploy superseded it',
      deploy('1.1', watched, { type: 'run.closed', outcome: 'superseded' }),
      [],
      'undecided',
    ],
    [
      'it was aborted',
      deploy('1.1', watched, { type: 'run.closed', outcome: 'aborted' }),
      [],
      'undecided',
    ],
  ])('%s', (_title, deployed, later, ending) => {
    expect(endingOfRun(deployed, later)).toBe(ending);
  });
});

describe('what broke at the time', () => {
  it('is what the verdicts and the end of the watch name, each once', () => {
    const change = (gate: string, to: string) => ({ type: 'verdict.changed', gate, to });
    const ended = {
      type: 'watch.ended',
      decision: 'alert',
      broken: [{ gate: 'a' }, { gate: 'b' }],
    };
    const events = [change('a', 'pass'), change('a', 'break'), change('c', 'break'), ended];
    expect(brokeAtTheTime(run(watched, ...events))).toEqual(['a', 'c', 'b']);
  });

  it('is nothing where a record is older than that', () => {
    expect(brokeAtTheTime(run(watched, { type: 'watch.ended', decision: 'alert' }))).toEqual([]);
  });
});
