import { expect, it } from 'vitest';
import { confidenceOf, hashIndex, leastConfidence } from '../src/nearest.ts';

const zeros = '0'.repeat(16);

it('knows nothing without images', () =>
  expect(hashIndex().search(zeros)).toEqual({ nearest: null, margin: null, confidence: 0 }));

it('finds the nearest image, and how much further away the next other one is', () => {
  const index = hashIndex();
  index.add({ id: 1, name: 'far', hash: '00000000000000ff' });
  index.add({ id: 2, name: 'near', hash: '8000000000000001' });
  index.add({ id: 2, name: 'near', hash: '0000000000000007' });
  expect(index.search(zeros)).toEqual({
    nearest: { id: 2, name: 'near', distance: 2 },
    margin: 6,
    confidence: confidenceOf(2),
  });
});

it.each([
  ['nearest first', ['0000000000000001', '000000000000000f']],
  ['nearest last', ['000000000000000f', '0000000000000001']],
])('gives the same margin in any order: %s', (_, hashes) => {
  const index = hashIndex();
  for (const [id, hash] of hashes.entries()) index.add({ id, name: hash, hash });
  expect(index.search(zeros)).toMatchObject({ margin: 3, nearest: { distance: 1 } });
});

it.each([
  [0, 1],
  [16, 0.5],
  [32, 0],
  [64, 0],
])('a distance of %i is a confidence of %d', (distance, confidence) =>
  expect(confidenceOf(distance)).toBe(confidence),
);

it('calls more than 4 differing bits uncertain', () => {
  expect(confidenceOf(4)).toBeGreaterThanOrEqual(leastConfidence);
  expect(confidenceOf(5)).toBeLessThan(leastConfidence);
});
