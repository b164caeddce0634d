import { expect, it, vi } from 'vitest';
import {
  counter,
  defineGates,
  GatesConfigError,
  type GatesInput,
  gatesFor,
  gauge,
  histogram,
  parseGates,
} from '../src/config.ts';
import { GatesError, isGatesError } from '../src/index.ts';

const requests = counter('http_requests_total');
const latency = histogram('http_request_duration_seconds{route!="/health"}');
const queue = gauge('queue_length');
const input = {
  environments: {
    production: {
      duration: '60m',
      onBreak: 'rollback',
      qualityGates: {
        errors: {
          kind: 'ratio',
          bad: counter('http_requests_total{code=~"5.."}'),
          total: requests,
          threshold: 5,
          timeWindow: '10m',
        },
        slow: {
          kind: 'quantile',
          histogram: latency,
          q: 0.95,
          scale: 1000,
          threshold: 2000,
          unit: 'ms',
          timeWindow: 15,
          for: '2 of 3',
        },
        queue: { kind: 'level', gauge: queue, relativeTo: 'baseline', factor: 3, atLeast: 10 },
        restarts: { kind: 'restarts', threshold: 2, timeWindow: 10 },
        dead: { kind: 'consecutive', threshold: 2 },
      },
    },
  },
} satisfies GatesInput;

it('gates in TypeScript are the same as in a file', () => {
  const written = parseGates(JSON.stringify(input), { file: 'gates.json' });
  expect(gatesFor(defineGates(input), 'production')).toEqual(gatesFor(written, 'production'));
});

it('metrics of another type do not compile', () => {
  const windowed = { threshold: 1, timeWindow: 10 } as const;
  const gates: GatesInput['environments'][string]['qualityGates'] = {
    // @ts-expect-error a counter is no histogram
    slow: { kind: 'quantile', histogram: requests, q: 0.95, ...windowed },
    // @ts-expect-error a gauge is no counter
    errors: { kind: 'ratio', bad: queue, total: requests, ...windowed },
    // @ts-expect-error a text says nothing of its type
    queue: { kind: 'level', gauge: 'queue_length', threshold: 1 },
    // @ts-expect-error threshold and relativeTo are two ways to say one thing
    both: { kind: 'level', gauge: queue, threshold: 1, relativeTo: 'baseline', factor: 3 },
  };
  expect(Object.keys(gates)).toHaveLength(4);
});

it('what types do not see is an error with its path', () => {
  const bad = {
    environments: {
      production: {
        duration: 60,
        qualityGates: { queue: { kind: 'level' as const, gauge: gauge('a b'), threshold: 1 } },
      },
    },
  };
  expect(() => defineGates(bad)).toThrow(
    'defineGates:1:1 environments.production.qualityGates.queue.gauge: must be the name of a metric, or a selector: a name has no blanks and no braces, got "a b"',
  );
});

it('errors are instances of the classes of every entry and every copy of the package', async () => {
  vi.resetModules();
  const copy = await import('../src/index.ts');
  const copiedConfig = await import('../src/config.ts');
  const caught = (run: () => unknown): unknown => {
    try {
      run();
    } catch (error) {
      return error;
    }
    return null;
  };
  const config = caught(() => copiedConfig.parseGates('{', { file: 'a.json' }));
  const selector = caught(() => copy.parseSelector('a{'));
  expect(copy.GatesError).not.toBe(GatesError);
  for (const error of [config, selector]) {
    expect([error instanceof GatesError, isGatesError(error)]).toEqual([true, true]);
    expect(error instanceof copy.GatesError).toBe(true);
  }
  expect(config instanceof GatesConfigError).toBe(true);
  expect(selector instanceof GatesConfigError).toBe(false);
  expect(new Error('other') instanceof GatesError).toBe(false);
});
