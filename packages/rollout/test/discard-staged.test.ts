import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../src/record/events.ts';
import { stagedOnRecord } from '../src/rollback/discard-staged.ts';

const done = (step: string, data: unknown = null) => ({
  type: 'step.done',
  scope: 'rollback',
  step,
  data,
});
const begun = (step: string) => ({ type: 'step.started', scope: 'rollback', step });
const undone = (step: string) => ({ type: 'step.undone', scope: 'rollback', step });

describe('stagedOnRecord', () => {
  const verified = (id: string) => done('verify', { id });
  it.each<[string, object[], string[]]>([
    ['nothing was staged', [verified('r-1')], []],
    ['one that was cut off within its staging', [verified('r-1'), begun('stage')], ['r-1']],
    [
      'one that was cut off before its swap',
      [verified('r-1'), begun('stage'), done('stage'), begun('stop')],
      ['r-1'],
    ],
    ['one whose staging was taken back', [verified('r-1'), begun('stage'), undone('stage')], []],
    [
      'one that began its swap',
      [verified('r-1'), begun('stage'), done('stage'), begun('swap')],
      [],
    ],
    [
      'one whose swap was taken back, and its staging not yet',
      [verified('r-1'), begun('stage'), done('stage'), begun('swap'), undone('swap')],
      ['r-1'],
    ],
    [
      'two, of which the later one is done',
      [
        verified('r-1'),
        begun('stage'),
        verified('r-2'),
        begun('stage'),
        done('stage'),
        begun('swap'),
        done('swap'),
      ],
      ['r-1'],
    ],
    ['a step of a deploy', [{ type: 'step.started', step: 'stage' }], []],
  ])('%s', (_, events, ids) => {
    expect(stagedOnRecord(events as RecordedEvent[])).toEqual(ids);
  });
});
