import { describe, expect, it } from 'vitest';
import { codeOf } from '../src/code-of.ts';
import { escapeHtml } from '../src/escape-html.ts';
import { messageOf } from '../src/message-of.ts';
import { nearest } from '../src/nearest.ts';

describe('nearest', () => {
  it.each([
    ['helath', 'health'],
    ['HEALTH', 'health'],
    ['prodction', 'production'],
    ['staging', null],
    ['', null],
  ])('%j is taken for %j', (word, meant) => {
    expect(nearest(word, ['health', 'production'])).toBe(meant);
  });
});

describe('what was thrown', () => {
  it.each([
    [new Error('no'), 'no', ''],
    [Object.assign(new Error('no room'), { code: 'ENOSPC' }), 'no room', 'ENOSPC'],
    ['text', 'text', ''],
    [undefined, 'undefined', ''],
  ])('%s', (thrown, message, code) => {
    expect(messageOf(thrown)).toBe(message);
    expect(codeOf(thrown)).toBe(code);
  });
});

describe('escapeHtml', () => {
  it('keeps text from becoming markup, and control characters out', () => {
    expect(escapeHtml(`<a href="x" id='y'>&\u0007\tz`)).toBe(
      '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp; \tz',
    );
  });
});
