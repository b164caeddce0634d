import { expect, test } from 'vitest';
import { parseEnvFile } from '../../src/config/env-file.ts';

test('reads what people and tools write into such files', () => {
  const text = `\uFEFF# settings
A=1
export B=two words   # a comment
  C = spaced\r
EMPTY=
HASH=pass#word
URL=postgres://shop:p%40ss@db/shop?a=1&b=2
SINGLE='$HOME "as it" \\n stands' # here
DOUBLE="line\\nnext\\t\\"quoted\\" \\$HOME \\\\ \\x"
QUOTE_IN=it's
`;
  expect(parseEnvFile(text)).toEqual({
    kind: 'read',
    values: {
      A: '1',
      B: 'two words',
      C: 'spaced',
      EMPTY: '',
      HASH: 'pass#word',
      URL: 'postgres://shop:p%40ss@db/shop?a=1&b=2',
      SINGLE: '$HOME "as it" \\n stands',
      DOUBLE: 'line\nnext\t"quoted" $HOME \\ \\x',
      QUOTE_IN: "it's",
    },
  });
});

test.each<[string, string, RegExp]>([
  ['no name', '=x', /no NAME=value/],
  ['no sign', 'A=1\nB', /no NAME=value/],
  ['a name that no shell takes', '1A=x', /no NAME=value/],
  ['a quote that does not end', 'A="x', /A: its quotes do not match/],
  ['a quote that ends too early', `A='x' y'`, /A: its quotes do not match/],
  ['a quote inside', 'A="x"y"', /A: its quotes do not match/],
  ['a name twice', 'A=1\n\nA=2', /sets A again: line 1 did/],
  ['a null character', 'A=x\0y', /null character/],
])('%s is refused with its line, and never with its value', (_, text, message) => {
  const read = parseEnvFile(text);
  expect(read).toMatchObject({ kind: 'bad-line', line: text.split('\n').length });
  if (read.kind !== 'bad-line') return;
  expect(read.message).toMatch(message);
  expect(read.message).not.toContain('x');
});
