import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { jsonSource, prometheusSource } from '../src/index.ts';

const never = new AbortController().signal;

/** What every source must do, whatever its format. */
describe.each([
  {
    name: 'jsonSource',
    open: jsonSource,
    page: '{"p95_hash_time": 812, "took": {"le": {"1": 1, "+Inf": 2}, "count": 2, "sum": 3}}',
    bad: ['', 'p95_hash_time 812\n', '[1]', 'null', '7'],
    accept: 'application/json',
  },
  {
    name: 'prometheusSource',
    open: prometheusSource,
    page: 'p95_hash_time 812\n# TYPE took histogram\ntook_bucket{le="1"} 1\ntook_bucket{le="+Inf"} 2\ntook_sum 3\ntook_count 2\n',
    bad: ['{"p95_hash_time": 812}', '<html>\n', 'p95_hash_time 81x'],
    // As a Prometheus 2.42 was seen to send it.
    accept:
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  },
])('$name', ({ open, page, bad, accept }) => {
  const serve = async (status: number, body: string) => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(status).end(body);
    });
    return { server, source: open({ url: `${server.url}/metrics`, timeoutMs: 2000 }) };
  };

  it('reads numbers and histograms from a real server', async () => {
    const { server, source } = await serve(200, page);
    expect((await source.read(never)).metrics).toMatchObject({
      p95_hash_time: 812,
      took: { le: { '1': 1, '+Inf': 2 }, count: 2, sum: 3 },
    });
    expect(server.requests).toMatchObject([
      { method: 'GET', url: '/metrics', headers: { accept } },
    ]);
  });

  it('refuses any status but 2xx, and does not follow a redirect', async () => {
    for (const status of [302, 404, 503]) {
      const { source, server } = await serve(status, page);
      await expect(source.read(never)).rejects.toMatchObject({
        code: 'bad-status',
        data: { status },
      });
      expect(server.requests).toHaveLength(1);
    }
  });

  it('refuses a page of another format', async () => {
    for (const body of bad) {
      const { source } = await serve(200, body);
      await expect(source.read(never)).rejects.toMatchObject({ code: 'bad-metrics' });
    }
  });

  it('refuses a page without end', async () => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1 << 20, 0x20);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more).on('error', () => undefined);
      more();
    });
    const source = open({ url: server.url, timeoutMs: 5000 });
    await expect(source.read(never)).rejects.toMatchObject({ code: 'too-large' });
  });

  it('says why there is no answer', async () => {
    const { source, server } = await serve(200, page);
    await server.close();
    await expect(source.read(never)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    const hanging = await startHttpServer(() => undefined);
    await expect(open({ url: hanging.url, timeoutMs: 30 }).read(never)).rejects.toMatchObject({
      code: 'timeout',
    });
  });
});
