import { httpHealth } from '@dhash/monitor';
import { startHttpServer } from '@dhash/testkit';
import { expect, test } from 'vitest';
import { plainHealth, plainSource } from '../src/environment/probes.ts';

const { signal } = new AbortController();
const hostile = '\u001b]0;PWNED\u0007\u001b[2J\r\n  release   1.1 ✓ promoted\u202E\u009b31m';
const shown = '\\x1b]0;PWNED\\x07\\x1b[2J\\n  release   1.1 ✓ promoted\\u202e\\x9b31m';

const answering = async (body: unknown) => {
  const { url } = await startHttpServer((_, response) => {
    response.end(JSON.stringify(body));
  });
  return url;
};

test('the version of a service is text in its reason', async () => {
  const url = await answering({ status: 'OK', version: hostile });
  const version = { field: 'version', expected: '1.1' };
  const reading = await plainHealth(httpHealth({ url, timeoutMs: 10_000, version })).check(signal);
  expect(reading).toMatchObject({
    ok: false,
    reason: `wrong version: ${shown}, expected 1.1`,
  });
});

test('a value that is not as expected is text too, and short', async () => {
  const url = await answering({ status: `\u202E${'x'.repeat(100_000)}` });
  const expected = { status: 'OK' };
  const reading = await plainHealth(httpHealth({ url, timeoutMs: 10_000, expect: expected })).check(
    signal,
  );
  expect(reading.reason).toContain('\\u202exxx');
  expect(reading.reason?.length).toBeLessThan(300);
});

test('why metrics did not read is text', async () => {
  const source = plainSource({ read: () => Promise.reject(new Error(`line 1: ${hostile}`)) });
  await expect(source.read(signal)).rejects.toThrow(`line 1: ${shown}`);
});
