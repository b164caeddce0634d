import { describe, expect, it } from 'vitest';
import { downMs } from '../../src/pages/down-ms.ts';
import { gateInWords } from '../../src/pages/in-words.ts';
import { leftToDo } from '../../src/pages/left-to-do.ts';
import { firstSentence, tellRun } from '../../src/pages/tell-run.ts';
import { timelineOf } from '../../src/pages/timeline.ts';
import { downtimeOf } from '../../src/record/downtime.ts';
import { unknownIn } from '../../src/record/read-events.ts';
import { folded } from '../record/recorded.ts';
import { at, endingRecords, endings, opened, step, type Timed } from './endings.ts';

const planned = [0, { type: 'deploy.planned', version: '1.2', previous: '1.1' }] as const;
const watching = [
  20,
  { type: 'watch.started', startedAt: 0, fingerprint: 'f', policy: {} },
] as const;
const ended = (decision: string, ...reasons: string[]) =>
  [60, { type: 'watch.ended', decision, reasons }] as const;

const spansOf = (events: Parameters<typeof downtimeOf>[0]) => downtimeOf(events).spans;

const told = (...given: Timed[]): string => {
  const events = at(opened, planned, ...given);
  return firstSentence(tellRun(folded(events), events));
};

it('the endings are records that this tool could have written', () => {
  for (const events of endingRecords())
    for (const { seq: _seq, at: _at, prev: _prev, hash: _hash, type, ...fields } of events)
      expect(unknownIn(type, fields), type).toBeNull();
});

describe('the first line of a run', () => {
  it('says of the four endings what happened, why and what it cost', () => {
    expect(
      Object.fromEntries(
        Object.entries(endings()).map(([name, { story }]) => [name, firstSentence(story)]),
      ),
    ).toEqual({
      promoted:
        '1.2 was promoted, in place of 1.1 after a watch of 10 min 00 s: every gate held to the end. Service down 5.1 s.',
      'rolled-back':
        '1.2 was rolled back to 1.1 after 3 min 08 s: upload failure rate 12.5 %, over the limit of 5 %. Service down 11.2 s. 426 rows and 3 files were set aside.',
      'not-rolled-back':
        '1.2 broke a gate and could NOT be rolled back: upload failure rate 12.5 %, over the limit of 5 %; the backup did not verify: expected SHA-256 ab, got cd. Service down 5.1 s.',
      'failed-before-watch':
        '1.2 failed before its watch and was taken back: health failed: not healthy within 60 s: HTTP 500. Service down 1 min 08 s.',
    });
  });

  it.each([
    ['1.2 is live: nobody watches it yet.', [[9, { type: 'deploy.awaiting-guard' }]]],
    ['1.2 is live and being watched.', [watching]],
    [
      '1.2 broke a gate and was NOT rolled back: queue 9, over the limit of 5; asked by a person.',
      [
        watching,
        ended('alert', 'queue broke: 9, over the limit of 5'),
        [61, { type: 'rollback.withheld', why: 'asked by a person', decision: 'alert' }],
      ],
    ],
    [
      '1.2 was not promoted: there was not enough to judge it by: too few readings.',
      [watching, ended('inconclusive', 'too few readings')],
    ],
    [
      'The deploy of 1.2 was undone on request of tom.',
      [
        [9, { type: 'abort.started', user: 'tom' }],
        [10, { type: 'run.closed', outcome: 'aborted' }],
      ],
    ],
    [
      '1.2 was rolled back to 1.1: tom asked for it: too slow.',
      [
        [
          9,
          {
            type: 'rollback.started',
            from: '1.2',
            to: '1.1',
            trigger: 'person',
            user: 'tom',
            reason: 'too slow',
          },
        ],
        [12, { type: 'run.closed', outcome: 'rolled back' }],
      ],
    ],
    [
      'The rollback of 1.2 did not validate: health failed: HTTP 500. Service down, and not seen to be well since.',
      [
        [
          9,
          {
            type: 'rollback.started',
            from: '1.2',
            to: '1.1',
            trigger: 'gate',
            user: 'tom',
            reason: 'x',
          },
        ],
        [10, { type: 'step.started', step: 'stop', scope: 'rollback' }],
        [30, { type: 'rollback.not-validated', step: 'health', error: 'HTTP 500', state: 'down' }],
      ],
    ],
  ] as [string, Timed[]][])('%s', (says, given) => {
    expect(told(...given)).toBe(says);
  });

  it.each([
    [
      'a migration',
      { kind: 'migrate', version: undefined },
      [
        [
          1,
          { type: 'migrate.planned', direction: 'forward', version: '2', migrations: ['a', 'b'] },
        ],
        [2, { type: 'run.closed', outcome: 'done' }],
      ],
      '2 migrations applied: a, b.',
    ],
    [
      'a migration that failed',
      { kind: 'migrate', version: undefined },
      [
        [1, { type: 'step.failed', step: 'migrate', error: 'no such table' }],
        [2, { type: 'run.closed', outcome: 'failed and undone' }],
      ],
      'The migrations failed and were taken back: migrate failed: no such table.',
    ],
    [
      'a rollback that changed nothing',
      { kind: 'rollback' },
      [
        [1, { type: 'step.failed', step: 'verify', error: 'bad', scope: 'rollback' }],
        [2, { type: 'run.closed', outcome: 'failed and undone' }],
      ],
      'The rollback failed before it changed anything: verify failed: bad.',
    ],
  ] as const)('of %s', (_, more, given, says) => {
    const events = at([0, { ...opened[1], ...more }], ...given);
    expect(firstSentence(tellRun(folded(events), events))).toBe(says);
  });

  it.each([
    [
      'uploadFailureRate broke: 23.46 % over 30 s, over the limit of 5 %',
      'upload failure rate 23.46 %, over the limit of 5 %',
    ],
    [
      'p95HashTime broke: q0.95 722.4 ms over 30 s, over the limit of 250 ms',
      'p95 hash time 722.4 ms, over the limit of 250 ms',
    ],
    ['free_disk broke: 3 GB, under the limit of 5 GB', 'free disk 3 GB, under the limit of 5 GB'],
    ['something else', 'something else'],
  ])('%s', (sentence, words) => {
    expect(gateInWords(sentence)).toBe(words);
  });
});

describe('the time that the service was down', () => {
  it('is from each stop to the first health check after it', () => {
    const events = at(
      opened,
      ...step(1, 'stop', 1),
      ...step(3, 'start', 1),
      ...step(5, 'health', 2),
      ...step(9, 'stop', 1),
      ...step(11, 'health', 1),
    );
    expect(downMs(spansOf(events))).toBe(6000 + 3000);
  });

  it('ends where a stop is taken back, and is open where nothing was seen to be well', () => {
    const stopped = step(1, 'stop', 1);
    expect(
      downMs(spansOf(at(opened, ...stopped, [4, { type: 'step.undone', step: 'stop' }]))),
    ).toBe(3000);
    expect(downMs(spansOf(at(opened, ...stopped)))).toBeNull();
    expect(spansOf(at(opened, ...step(1, 'health', 1)))).toEqual([]);
  });
});

describe('a timeline', () => {
  it('tells a step that was cut off from one that was done, failed or taken back', () => {
    const rows = timelineOf(
      at(
        opened,
        ...step(1, 'backup', 2),
        [4, { type: 'step.started', step: 'stop' }],
        [5, { type: 'step.started', step: 'migrate' }],
        [6, { type: 'step.failed', step: 'migrate', error: 'no\nmore' }],
        [7, { type: 'step.undone', step: 'stop' }],
        [7, { type: 'step.undone', step: 'backup' }],
      ),
    );
    expect(rows.map(({ name, result, ms, says }) => [name, result, ms, says])).toEqual([
      ['backup', 'done', 2000, ''],
      ['stop', 'cut off', null, ''],
      ['migrate', 'failed', 1000, 'no'],
      ['stop', 'undone', null, 'taken back'],
    ]);
  });

  it('has each watch by itself, and the gates that broke', () => {
    const broke = [
      50,
      { type: 'verdict.changed', gate: 'q', from: 'pass', to: 'break', sentence: 'q broke: 9' },
    ] as const;
    const passed = [
      30,
      { type: 'verdict.changed', gate: 'q', from: null, to: 'pass', sentence: 'q: 1' },
    ] as const;
    const rows = timelineOf(
      at(
        opened,
        watching,
        passed,
        [40, { type: 'watch.lost', error: 'gone' }],
        [45, { type: 'watch.resumed', gapMs: 5000, samples: 3 }],
        broke,
        ended('rollback'),
      ),
    );
    expect(rows.map(({ name, result, ms }) => [name, result, ms])).toEqual([
      ['watch', 'failed', 20_000],
      ['watch', 'done', 15_000],
      ['gate broke', 'happened', null],
    ]);
  });
});

describe('what is left to do', () => {
  it('names salvage where rows were set aside, and nothing after a promotion', () => {
    const { promoted, 'rolled-back': back, 'not-rolled-back': stuck } = endings();
    expect(promoted.left).toEqual([]);
    expect(back.left.map(({ command }) => command)).toEqual([
      'npx dhash-rollout deploy --env production --version 1.2 --retry-version --reason "…"',
      'npx dhash-rollout salvage 20261124T100000Z-production-deploy-3fa9',
    ]);
    expect(stuck.left[0]?.command).toBe(
      'npx dhash-rollout rollback --env production --backup backups/notes_20261124T100000Z_production_predeploy.zip',
    );
  });

  it('is what a watch gives way to, while one runs', () => {
    const events = at(opened, planned, watching);
    expect(
      leftToDo(folded(events), events, 'watch').map(({ command }) => command?.split(' ')[2]),
    ).toEqual(['promote', 'deploy', 'pause']);
  });
});
