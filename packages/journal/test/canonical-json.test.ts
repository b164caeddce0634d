import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../src/canonical-json.ts';
import type { Json } from '../src/json.ts';

describe('canonicalJson', () => {
  // RFC 8785, 3.2.2 to 3.2.4: its own example and its own answer.
  it('writes the example of RFC 8785 as the RFC does', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as Json;
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  // RFC 8785, 3.2.3: sorted by UTF-16 code units, so a grinning face comes before U+FB33.
  it('orders keys by UTF-16 code units', () => {
    const value = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object).sort()).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect([...canonicalJson(value).matchAll(/:(\d)/g)].map((match) => match[1]).join('')).toBe(
      '2467153',
    );
  });

  it.each([
    ['NaN', { a: Number.NaN }, '$.a'],
    ['infinity', [1, Number.POSITIVE_INFINITY], '$[1]'],
    ['undefined', { a: { b: undefined } }, '$.a.b'],
    ['a hole', Array(1), '$[0]'],
    ['a date', { at: new Date(0) }, '$.at'],
    ['a bigint', 1n, '$'],
    ['half a character', '\ud83d', '$'],
  ])('refuses %s and says where', (_, value, at) => {
    expect(() => canonicalJson(value as unknown as Json)).toThrow(
      expect.objectContaining({ code: 'not-json', data: { at } }),
    );
  });

  it('gives one text for one value, whatever the order of its keys', () => {
    const reversed = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, item]) => [key, reversed(item)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        expect(canonicalJson(reversed(value as Json))).toBe(text);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      }),
    );
  });
});
