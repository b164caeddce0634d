import { describe, expect, it } from 'vitest';
import { parseAddress } from '../src/config/addresses.ts';

describe('a mail address', () => {
  it.each([
    ['ops@example.org', '', 'ops@example.org'],
    [' <ops@example.org> ', '', 'ops@example.org'],
    ['Ops <ops@example.org>', 'Ops', 'ops@example.org'],
    ['J. R. Müller <j@example.org>', 'J. R. Müller', 'j@example.org'],
    ['"Doe, Jane" <jane@example.org>', 'Doe, Jane', 'jane@example.org'],
    ['"Jane \\"JD\\" Doe" <jane@example.org>', 'Jane "JD" Doe', 'jane@example.org'],
    ['"Doe: <night>; @ home" <jane@example.org>', 'Doe: <night>; @ home', 'jane@example.org'],
    ['Ops (night shift) <ops@example.org>', 'Ops', 'ops@example.org'],
    ['ops@example.org (Ops)', 'Ops', 'ops@example.org'],
    ['"j doe"@example.org', '', '"j doe"@example.org'],
    ['"j@doe"@example.org', '', '"j@doe"@example.org'],
    ['"ops"@example.org', '', 'ops@example.org'],
    ["o'brien+night@example.org", '', "o'brien+night@example.org"],
    ['a..b.@docomo.example', '', 'a..b.@docomo.example'],
    ['ops@münchen.example', '', 'ops@xn--mnchen-3ya.example'],
    ['Ops <ops@例え。テスト>', 'Ops', 'ops@xn--r8jz45g.xn--zckzah'],
    ['ops@xn--mnchen-3ya.example', '', 'ops@xn--mnchen-3ya.example'],
    ['ops@[192.0.2.1]', '', 'ops@[192.0.2.1]'],
    ['ops@[IPv6:2001:db8::1]', '', 'ops@[IPv6:2001:db8::1]'],
  ])('%s', (text, name, address) => {
    expect(parseAddress(text)).toEqual({ name, address, needsUtf8: false });
  });

  it.each(['jörg@example.org', 'Jörg <jörg@münchen.example>', '用户@example.org'])(
    '%s needs a server with SMTPUTF8',
    (text) => expect(parseAddress(text).needsUtf8).toBe(true),
  );

  it.each([
    'b@x.test, evil@x.test',
    'Doe, Jane <jane@x.test>',
    'group: a@x.test;',
    'no-address',
    'a b@x.test',
    'a@b@x.test',
    '@x.test',
    'a@',
    'a@x..test',
    'a@-x.test',
    'a@x_y.test',
    'a@[x.test]',
    'a@[192.0.2.1',
    '"a<b"@x.test',
    '"open <a@x.test>',
    'a@x.test\r\nBcc: evil@x.test',
    'Ops\u0000 <a@x.test>',
    'a\u200Bb@x.test',
    `${'a'.repeat(65)}@x.test`,
    `a@${'x'.repeat(64)}.test`,
  ])('%j is none', (text) => {
    expect(() => parseAddress(text)).toThrow('is not one mail address');
  });
});
