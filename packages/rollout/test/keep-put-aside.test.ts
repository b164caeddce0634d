import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../src/record/events.ts';
import { putAsideOnRecord } from '../src/rollback/keep-put-aside.ts';

const target = (id: string) => ({
  name: 'files',
  type: 'files',
  live: '/srv/files',
  work: `/srv/.dhash-restore-${id}`,
  staged: `/srv/.dhash-restore-${id}/files/new/files`,
  previous: `/srv/.dhash-restore-${id}/files/previous/files`,
});
const done = (step: string, data: unknown = null) => ({
  type: 'step.done',
  scope: 'rollback',
  step,
  data,
});
const begun = (step: string) => ({ type: 'step.started', scope: 'rollback', step });
const undone = (step: string) => ({ type: 'step.undone', scope: 'rollback', step });

describe('putAsideOnRecord', () => {
  const first = target('1');
  it.each<[string, object[], object[][]]>([
    ['nothing was rolled back', [{ type: 'step.done', step: 'lay' }], []],
    [
      'a rollback that died after its swap',
      [done('stage', [first]), done('swap'), begun('prove')],
      [[first]],
    ],
    [
      'one that was cut off within its swap: only its resume may',
      [done('stage', [first]), begun('swap')],
      [],
    ],
    ['one whose swap was taken back', [done('stage', [first]), done('swap'), undone('swap')], []],
    [
      'one that came to its end',
      [done('stage', [first]), done('swap'), done('safety'), done('clean')],
      [],
    ],
    [
      'two that died, one after the other',
      [
        done('stage', [first]),
        done('swap'),
        { type: 'rollback.started' },
        done('stage', [target('2')]),
        done('swap'),
      ],
      [[first], [target('2')]],
    ],
  ])('%s', (_, events, expected) => {
    expect(putAsideOnRecord(events as RecordedEvent[])).toEqual(expected);
  });
});
