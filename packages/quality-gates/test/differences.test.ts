import { expect, it } from 'vitest';
import { differences } from '../src/differences.ts';
import { replay } from '../src/index.ts';
import { level, only, x } from './support/polls.ts';

const samples = x(1, 11, 11, 11, 30, 1);
const run = (more: Record<string, unknown>) => replay(only({ ...level, ...more }), samples);

it.each([
  ['earlier', { threshold: 20 }, {}, ['gate would have broken 90 s earlier']],
  ['later', {}, { for: 3 }, ['gate would have broken 60 s later']],
  ['not at all', {}, { threshold: 99 }, ['gate would not have broken, and did']],
  ['after all', { threshold: 99 }, {}, ['gate would have broken, and did not']],
  ['no other', {}, { threshold: 9 }, []],
])('%s', (_title, before, after, sentences) => {
  expect(differences(run(before), run(after)).map(({ sentence }) => sentence)).toEqual(sentences);
});

it('says of a gate only what its watch reached', () => {
  const both = (slowLimit: number, fastLimit: number) => ({
    ...only({ ...level, threshold: slowLimit }),
    gates: {
      slow: { ...only({ ...level, threshold: slowLimit }).gates['gate'] },
      fast: { ...only({ ...level, threshold: fastLimit }).gates['gate'] },
    } as ReturnType<typeof only>['gates'],
  });
  const [late, soon] = [replay(both(20, 99), samples), replay(both(20, 9), samples)];
  expect(differences(late, soon).map(({ sentence }) => sentence)).toEqual([
    'slow is not reached: the watch ends before it breaks',
    'fast would have broken, and did not',
  ]);
  expect(differences(soon, late).map(({ sentence }) => sentence)).toEqual([
    'slow would have broken, after the end of the other watch',
    'fast would not have broken, and did',
  ]);
});
