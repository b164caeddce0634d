import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GatesError,
  parseSelector,
  parseSeriesKey,
  selectorMatches,
  seriesKey,
} from '../src/index.ts';

describe('a selector', () => {
  it.each([
    ['errors_total', 'errors_total', []],
    ['app.errors-count', 'app.errors-count', []],
    ['a{}', 'a', []],
    ['a{code="500"}', 'a', [{ label: 'code', op: '=', value: '500' }]],
    [
      'a { code =~ "5..", route != "/health", }',
      'a',
      [
        { label: 'code', op: '=~', value: '5..' },
        { label: 'route', op: '!=', value: '/health' },
      ],
    ],
    ['a{p=~"\\\\d+\\"x"}', 'a', [{ label: 'p', op: '=~', value: '\\d+"x' }]],
    ["a{p='b'}", 'a', [{ label: 'p', op: '=', value: 'b' }]],
    [
      'a{place="back room",b="}"}',
      'a',
      [
        { label: 'place', op: '=', value: 'back room' },
        { label: 'b', op: '=', value: '}' },
      ],
    ],
    ['{"http.requests",code="500"}', 'http.requests', [{ label: 'code', op: '=', value: '500' }]],
    ['{__name__="up"}', 'up', []],
  ])('reads %s', (text, name, matchers) => {
    expect(parseSelector(text)).toEqual({ name, matchers });
  });

  it.each([
    ['', 'names no metric'],
    ['a b', 'no blanks'],
    ['{code="500"}', 'names no metric'],
    ['a{code}', 'expected label="value" and then , or } at "code}"'],
    ['a{code=500}', 'expected label="value"'],
    ['a{code="500"', 'and then , or }'],
    ['a{code="500}', 'expected label="value"'],
    ['a{5="x"}', 'expected label="value"'],
    ['a{code=~"("}', 'no regular expression'],
    ['a{code=~"(?=x)"}', 'no regular expression'],
    ['a{code="500"}[5m]', 'nothing may follow'],
    ['sum(a{x="1"})', 'nothing may follow'],
  ])('refuses %s', (text, why) => {
    expect(() => parseSelector(text)).toThrow(why);
    expect(() => parseSelector(text)).toThrow(GatesError);
  });

  it.each([
    ['a{code=~"5.."}', { code: '503' }, true],
    ['a{code=~"5.."}', { code: '5030' }, false],
    ['a{code=~"5..|429"}', { code: '429' }, true],
    ['a{code=~"5..|429"}', { code: '1429' }, false],
    ['a{code=~"(?i)ok"}', { code: 'OK' }, true],
    ['a{code!~"5.."}', {}, true],
    ['a{code!="200"}', {}, true],
    ['a{code=""}', {}, true],
    ['a{code=""}', { code: '1' }, false],
    ['a{code=~".*"}', {}, true],
    ['a{code=~".+"}', {}, false],
    ['a{code=~".+"}', { code: 'two\nlines' }, true],
    ['a{code="1"}', { toString: '1' }, false],
    ['a{route=~"/a\\\\.b"}', { route: '/a.b' }, true],
    ['a{route=~"/a\\\\.b"}', { route: '/axb' }, false],
  ])('%s and %j: %s', (text, labels, expected) => {
    expect(selectorMatches(parseSelector(text), labels)).toBe(expected);
  });
});

describe('the key of a series', () => {
  it('sorts labels, leaves empty ones out, and escapes', () => {
    expect(seriesKey('a', { route: '/x', code: '500', none: '' })).toBe('a{code="500",route="/x"}');
    expect(seriesKey('a', { v: 'q"\\\n' })).toBe('a{v="q\\"\\\\\\n"}');
    expect(seriesKey('a', {})).toBe('a');
  });

  it('is read back as it was made', () => {
    const labels = fc.dictionary(
      fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/),
      fc.string({ minLength: 1, unit: 'binary' }),
      { maxKeys: 5 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z_:.-]{1,10}$/), labels, (name, of) => {
        expect(parseSeriesKey(seriesKey(name, of))).toEqual({ name, labels: { ...of } });
      }),
    );
  });

  it.each(['a', 'a{', 'a}', 'a{b}', 'a{b=c}', 'a{b="c}', 'a{="c"}', 'a{b="c";d="e"}', '{}x'])(
    'takes %s as a name',
    (key) => {
      expect(parseSeriesKey(key)).toEqual({ name: key, labels: {} });
    },
  );
});
