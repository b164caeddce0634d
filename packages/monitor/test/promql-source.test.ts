import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { promqlSource, sourceHasAnswered, takeSample } from '../src/index.ts';
import { selecting } from './support/page.ts';

const never = new AbortController().signal;

const vector = (...series: [Record<string, string>, string][]) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: series.map(([metric, value]) => ({ metric, value: [1764000000.123, value] })),
  },
});

/** A Prometheus that answers each query with what is under it; `answers` may be changed. */
const startApi = async (answers: Record<string, unknown>, status = 200) => {
  const state = { status, answers };
  const server = await startHttpServer((request, response) => {
    const query = new URL(request.url, 'http://localhost').searchParams.get('query') ?? '';
    response.writeHead(state.status).end(JSON.stringify(state.answers[query] ?? vector()));
  });
  return { ...server, state };
};

describe('a Prometheus as the source', () => {
  it('asks each query and gives its series by name and labels', async () => {
    const api = await startApi({
      'sum by (code) (http_requests_total)': vector(
        [{ code: '200' }, '1000'],
        [{ code: '500', __name__: 'x' }, '7'],
      ),
      'scalar(up)': {
        status: 'success',
        data: { resultType: 'scalar', result: [1764000000, '2'] },
      },
      'sum by (le) (t_bucket)': vector([{ le: '0.5' }, '3'], [{ le: '+Inf' }, '4']),
      'nan()': vector([{}, 'NaN']),
    });
    const queries = {
      requests: 'sum by (code) (http_requests_total)',
      up: 'scalar(up)',
      took: 'sum by (le) (t_bucket)',
      odd: 'nan()',
      gone: 'gone',
    };
    const selection = selecting('requests{code=~"5.."}', 'up', 'histogram took', 'odd', 'gone');
    const source = promqlSource({ url: `${api.url}/prom/`, timeoutMs: 5000, queries, selection });
    expect(await source.read(never)).toMatchObject({
      metrics: {
        'requests{code="500"}': 7,
        up: 2,
        took: { le: { '0.5': 3, '+Inf': 4 }, count: 4 },
        odd: null,
      },
      unread: { odd: 'its value is NaN', gone: 'the query gives no series' },
    });
    expect(api.requests[0]?.url).toMatch(/^\/prom\/api\/v1\/query\?query=.*&timeout=5000ms$/);
  });

  it('gives the start times of the processes by their instance', async () => {
    const api = await startApi({
      start: vector([{ instance: 'a:1' }, '1764000000'], [{ instance: 'b:1' }, '1764000009.5']),
    });
    const queries = { process_start_time_seconds: 'start' };
    const source = promqlSource({ url: api.url, timeoutMs: 5000, queries, selection: selecting() });
    expect(await source.read(never)).toMatchObject({
      processes: { 'a:1': 1764000000, 'b:1': 1764000009.5 },
      metrics: {},
    });
  });

  it('tells a warning of Prometheus once', async () => {
    const api = await startApi({
      q: { ...vector([{}, '1']), warnings: ['remote read: \u001b[2Jsome\nstore is down'] },
    });
    const source = promqlSource({ url: api.url, timeoutMs: 5000, queries: { q: 'q' } });
    expect((await source.read(never)).doubts).toEqual([
      'promql q: remote read:  [2Jsome store is down',
    ]);
    expect((await source.read(never)).doubts).toBeUndefined();
  });

  it.each([
    [
      'a query that is wrong',
      400,
      { status: 'error', errorType: 'bad_data', error: 'parse error: unexpected <eof>' },
      /^promql q: parse error: unexpected <eof>$/,
    ],
    [
      'a range',
      200,
      { status: 'success', data: { resultType: 'matrix', result: [] } },
      /promql q: expected a vector or a scalar, got "matrix"/,
    ],
    ['a page of a proxy', 200, 'hello', /none of a Prometheus/],
    ['a proxy without its Prometheus', 502, {}, /HTTP 502/],
  ])('says what is wrong: %s', async (_, status, answer, message) => {
    const api = await startApi({ q: answer }, status);
    const source = promqlSource({ url: api.url, timeoutMs: 5000, queries: { q: 'q' } });
    await expect(source.read(never)).rejects.toThrow(message);
  });

  it('is a control: where it is gone too, a check that fails is not known, once it had answered', async () => {
    const api = await startApi({ q: vector([{}, '1']) });
    const source = promqlSource({ url: api.url, timeoutMs: 5000, queries: { q: 'q' } });
    const health = { check: async () => ({ ok: false, reason: 'HTTP 503' }) };
    const take = () => takeSample({ at: 1, health, source, signal: never });
    const seen = await take();
    expect(seen.health.ok).toBe(false);
    expect(sourceHasAnswered([seen])).toBe(true);

    api.state.status = 503;
    expect(await take()).toMatchObject({
      health: { ok: null, reason: expect.stringContaining('failed too (HTTP 503)') },
      metricsError: 'metrics: HTTP 503',
    });
    // An answer that is an error is an answer: our network is up.
    api.state.status = 422;
    api.state.answers = { q: { status: 'error', error: 'too many samples' } };
    expect((await take()).health.ok).toBe(false);

    await api.close();
    expect((await take()).health.ok).toBe(null);
    const fresh = promqlSource({ url: api.url, timeoutMs: 5000, queries: { q: 'q' } });
    const first = await takeSample({ at: 1, health, source: fresh, signal: never });
    expect(first.health.ok).toBe(false);
    const resumed = promqlSource({
      url: api.url,
      timeoutMs: 5000,
      queries: { q: 'q' },
      hasAnswered: true,
    });
    expect((await takeSample({ at: 1, health, source: resumed, signal: never })).health.ok).toBe(
      null,
    );
  });
});
