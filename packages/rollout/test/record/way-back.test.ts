import { expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/record/events.ts';
import { dataOfRollback, describeWayBack, wayBackAnswer } from '../../src/record/way-back.ts';
import { recorded } from './recorded.ts';

const drilled = (...answers: unknown[]): readonly RecordedEvent[] =>
  recorded(
    ...answers.map((wayBack) => ({
      ...({ type: 'step.done', step: 'drill', ms: 1 } as const),
      data: (wayBack === undefined ? {} : { wayBack }) as never,
    })),
  );
const answer = (kind: string, why = '') => ({ answer: kind, release: '1.0', over: '1.1', why });

it.each([
  ['auto', [answer('proven')], 'keep'],
  ['auto', [answer('costs')], 'restore'],
  ['auto', [answer('unknown')], 'restore'],
  ['auto', [undefined], 'restore'],
  ['auto', [], 'restore'],
  // The newest counts: the data has changed since.
  ['auto', [answer('proven'), answer('costs')], 'restore'],
  ['auto', [answer('costs'), answer('proven')], 'keep'],
  ['auto', [{ answer: 'proven' }], 'restore'],
  ['restore', [answer('proven')], 'restore'],
  ['keep', [answer('costs')], 'keep'],
] as const)('%s after %j: %s', (data, answers, expected) => {
  expect(dataOfRollback(data, drilled(...answers))).toBe(expected);
});

it('says it in words', () => {
  const words = (...answers: unknown[]) => {
    const found = wayBackAnswer(drilled(...answers));
    return found === null ? null : describeWayBack(found);
  };
  expect(words()).toBeNull();
  expect(words(answer('proven'))).toContain('needs no data');
  expect(words(answer('costs', 'no such column: text'))).toContain('no such column: text');
  expect(words(answer('unknown', 'it did not start'))).toContain('not known');
});
