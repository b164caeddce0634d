import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { hasTool, startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  certificateDaysLeft,
  certificateWarning,
  httpHealth,
  prometheusSource,
  readCertificate,
} from '../../src/index.ts';

const never = new AbortController().signal;
const timeoutMs = 20_000;

/** A certificate of 127.0.0.1, signed by itself, good for ten days. */
const makeCertificate = async () => {
  const folder = await tempFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await promisify(execFile)('openssl', [
    ...[
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '10',
    ],
    ...['-subj', '/CN=shop', '-addext', 'subjectAltName=IP:127.0.0.1'],
  ]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8'), caFile: cert };
};

const serve = async ({ key, cert }: { key: string; cert: string }): Promise<string> => {
  const server = https.createServer({ key, cert }, (request, response) => {
    const body = request.url === '/metrics' ? gzipSync('queue_length 100\n') : '{"status":"OK"}';
    response
      .writeHead(200, request.url === '/metrics' ? { 'content-encoding': 'gzip' } : {})
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe.runIf(hasTool('openssl'))('an address with a certificate', () => {
  it('is trusted by its own authority alone', async () => {
    const made = await makeCertificate();
    const url = await serve(made);
    const tls = { caFile: made.caFile };
    expect(await httpHealth({ url, timeoutMs }).check(never)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('SELF_SIGNED'),
    });
    expect(
      await httpHealth({ url, timeoutMs, tls, expect: { status: 'OK' } }).check(never),
    ).toMatchObject({ ok: true });
    const source = prometheusSource({ url: `${url}/metrics`, timeoutMs, tls });
    expect((await source.read(never)).metrics).toEqual({ queue_length: 100 });
    const other = await makeCertificate();
    const wrong = httpHealth({ url, timeoutMs, tls: { caFile: other.caFile } });
    expect((await wrong.check(never)).ok).toBe(false);
  });

  it('tells when it ends, trusted or not', async () => {
    const url = await serve(await makeCertificate());
    const certificate = await readCertificate(url, { timeoutMs, signal: never });
    if (certificate === null) throw new Error('no certificate');
    expect(certificate.address).toBe(new URL(url).host);
    expect(certificateDaysLeft(certificate, Date.now())).toBe(9);
    expect(certificateWarning(certificate, { nowMs: Date.now(), watchMs: 3_600_000 })).toBeNull();
    const nowMs = certificate.validToMs - 20 * 60_000;
    expect(certificateWarning(certificate, { nowMs, watchMs: 3_600_000 })).toMatch(
      /^the certificate of 127\.0\.0\.1:\d+ ends in 20 min \(.*\), inside the watch of 60 min/,
    );
    expect(certificateWarning(certificate, { nowMs, watchMs: 60_000 })).toMatch(
      /ends in 20 min \(/,
    );
    expect(certificateWarning(certificate, { nowMs: certificate.validToMs, watchMs: 1 })).toMatch(
      /has ended .*renew it/,
    );
  });
});

it('an address without one has none, and one that is silent says so', async () => {
  const plain = await startHttpServer(() => undefined);
  const options = { timeoutMs: 100, signal: never };
  expect(await readCertificate(plain.url, options)).toBeNull();
  const asTls = plain.url.replace('http:', 'https:');
  await expect(readCertificate(asTls, options)).rejects.toMatchObject({ name: 'MonitorError' });
  await plain.close();
  await expect(readCertificate(asTls, { ...options, timeoutMs })).rejects.toMatchObject({
    code: 'unreachable',
  });
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(readCertificate(asTls, { timeoutMs, signal })).rejects.toThrow('stop');
});

it('a check that fails by a certificate which has ended is not known, once an earlier one was OK', async () => {
  const expired = async () => {
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' }),
    });
  };
  const options = { url: 'https://shop.test/health', timeoutMs, fetch: expired };
  // It may be the new release that brought it: then a rollback mends it.
  expect(await httpHealth(options).check(never)).toMatchObject({ ok: false });
  const past = [{ at: 1, health: { ok: true } }];
  expect(await httpHealth({ ...options, past }).check(never)).toMatchObject({
    ok: null,
    certificate: 'ended',
    reason: expect.stringContaining('a rollback would not mend it'),
  });
});
