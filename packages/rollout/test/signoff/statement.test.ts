import { describe, expect, it } from 'vitest';
import { mismatches, parseStatement, statementText } from '../../src/signoff/statement.ts';

const bundle = 'a'.repeat(64);
const statement = {
  format: 1,
  bundle,
  service: 'shop',
  env: 'production',
  version: '2.1',
  policy: 'b'.repeat(64),
  by: 'ana@example.org',
  at: '2026-01-31T12:00:00.000Z',
} as const;
const asked = {
  service: 'shop',
  env: 'production',
  version: '2.1',
  policy: 'b'.repeat(64),
  bundle,
};

describe('mismatches', () => {
  it('has none where all of it is what is deployed', () => {
    expect(mismatches(statement, asked)).toEqual([]);
  });

  it.each([
    [{ version: '2.2' }, 'it was given for release 2.1, not for 2.2'],
    [{ env: 'staging' }, 'it was given for the environment production, not for staging'],
    [{ service: 'till' }, 'it was given for the service shop, not for till'],
    [
      { policy: 'c'.repeat(64) },
      'it was given for the gates with fingerprint bbbbbbbbbbbb…, not for cccccccccccc…',
    ],
    [
      { bundle: 'd'.repeat(64) },
      'it was given for the bundle with SHA-256 aaaaaaaaaaaa…, not for dddddddddddd…',
    ],
    [{ bundle: null }, 'the bundle that it was given for is not here'],
  ])('%j: %s', (other, sentence) => {
    expect(mismatches(statement, { ...asked, ...other })).toEqual([sentence]);
  });
});

it('reads back what it wrote, and nothing else', () => {
  expect(parseStatement(statementText(statement), 'x')).toEqual(statement);
  for (const text of ['', '{}', JSON.stringify({ ...statement, format: 2 })])
    expect(() => parseStatement(text, 'x.signoff')).toThrow(/x\.signoff is no sign-off/);
});
