import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode as decode10 } from '../releases/1.0/decode.ts';
import { decode as decode11 } from '../releases/1.1/decode.ts';
import { decode as decode12 } from '../releases/1.2/decode.ts';
import { cellSums, differenceHash, distanceBetween, wordsOf } from '../src/index.ts';
import { goldenHashes, goldenPicture } from './support/service-on-data.ts';

const plane = (width: number, height: number, at: (x: number, y: number) => number) => ({
  width,
  height,
  luma: Int32Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))),
});

describe('golden pictures', () => {
  const golden = Object.entries(goldenHashes());
  it('are twelve', () => expect(golden).toHaveLength(12));

  // 1.2 is right about them too, if slow: that is how it gets past the smoke tests.
  it.each([
    ['1.0', decode10],
    ['1.1', decode11],
    ['1.2', decode12],
  ])('hash as derived, in release %s', async (_, decode) => {
    const hashes: [string, string][] = [];
    for (const [name] of golden)
      hashes.push([name, differenceHash(await decode(goldenPicture(name)))]);
    expect(hashes).toEqual(golden);
  });
});

describe('difference hash', () => {
  it.each([
    ['brighter to the right', (x: number) => x, 'ffffffffffffffff'],
    ['darker to the right', (x: number) => -x, '0000000000000000'],
    ['even: no cell is brighter', () => 7, '0000000000000000'],
    [
      'only the first comparison',
      (x: number, y: number) => (y === 0 && x > 0 ? 1 : 0),
      '8000000000000000',
    ],
    [
      'only the last comparison',
      (x: number, y: number) => (y === 7 && x === 8 ? 1 : 0),
      '0000000000000001',
    ],
  ])('%s', (_, at, expected) => expect(differenceHash(plane(9, 8, at))).toBe(expected));

  it('weighs a pixel that lies under two cells by the area in each', () => {
    // 10 pixels under 9 cells: a cell is 10 ninths long, so the 2nd pixel gives 1/9 to the first cell, 8/9 to the second.
    const sums = cellSums(plane(10, 8, (x) => (x === 1 ? 1 : 0)));
    expect([...sums.slice(0, 3)]).toEqual([1 * 10 - 2, 64, 0]);
  });

  it('neither loses nor doubles brightness, whatever the size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 1000 }),
        (width, height, seed) => {
          const picture = plane(
            width,
            height,
            (x, y) => (x * 7919 + y * 104729 + seed * x * y) % 255_001,
          );
          const whole = picture.luma.reduce((sum, value) => sum + value, 0);
          expect(cellSums(picture).reduce((sum, value) => sum + value, 0)).toBe(whole * 72);
        },
      ),
    );
  });
});

describe('distance', () => {
  it('is the number of differing bits', () => {
    const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(hash, hash, (a, b) => {
        const text = (value: bigint) => value.toString(16).padStart(16, '0');
        const bits = [...(a ^ b).toString(2)].filter((bit) => bit === '1').length;
        expect(distanceBetween(wordsOf(text(a)), wordsOf(text(b)))).toBe(bits);
      }),
    );
  });
});
