import { fakeClock } from '@dhash/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttemptResult, permanent, succeeded, transient } from '../src/delivery/attempt.ts';
import { createGate } from '../src/delivery/gate.ts';
import { withRetry } from '../src/index.ts';

const policy = { tries: 5, budgetMs: 15_000, tryMs: 10_000, backoffMs: 500 };
const run = async (results: readonly AttemptResult[], random = () => 0.5) => {
  const clock = fakeClock(0);
  const times: number[] = [];
  const limits: number[] = [];
  const outcome = await withRetry(
    async (tryMs) => {
      times.push(clock.now());
      limits.push(tryMs);
      return results[times.length - 1] ?? succeeded('delivered');
    },
    { policy, clock, random, waiting: null },
  );
  return { outcome, times, limits };
};

describe('withRetry', () => {
  it('doubles its backoff, random from nothing to all of it', async () => {
    const down = Array(4).fill(transient('down'));
    expect((await run(down, () => 0.5)).times).toEqual([0, 250, 750, 1750, 3750]);
    expect((await run(down, () => 0)).times).toEqual([0, 0, 0, 0, 0]);
  });

  it('waits for the longer of hint and backoff, never for less than a hint', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 20_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (hintMs, jitter) => {
          const { times, outcome } = await run([transient('wait', { hintMs })], () => jitter);
          const [first = 0, second] = times;
          if (second === undefined) {
            expect(Math.max(hintMs, jitter * 500)).toBeGreaterThanOrEqual(15_000);
            expect(outcome).toMatchObject({ attempts: 1, notBefore: hintMs });
          } else expect(second - first).toBeGreaterThanOrEqual(hintMs);
        },
      ),
    ));

  it('gives each try what is left of the budget, at most 10 s', async () => {
    const { limits } = await run([transient('a', { hintMs: 9000 })]);
    expect(limits).toEqual([10_000, 6000]);
  });

  it.each([
    [permanent('no'), 1, 'permanent'],
    [transient('tls', { isConfig: true }), 3, 'transient'],
    [transient('down'), 5, 'transient'],
    [transient('cancelled', { isCancelled: true }), 1, 'transient'],
    [transient('no room at this rate', { isHeld: true }), 0, 'transient'],
  ])('ends: %j', async (result, attempts, kind) => {
    const { outcome } = await run(Array(9).fill(result), () => 0.1);
    expect(outcome).toMatchObject({ attempts, result: { kind } });
  });

  it('remembers that any try was cut off', async () => {
    const { outcome } = await run([transient('cut', { isAmbiguous: true }), permanent('no')]);
    expect(outcome.wasAmbiguous).toBe(true);
  });
});

describe('a gate', () => {
  it('keeps to its rate and lets one through at a time', async () => {
    const clock = fakeClock(0);
    const gate = createGate(clock, 4);
    const times: number[] = [];
    let inside = 0;
    await Promise.all(
      Array.from({ length: 5 }, () =>
        gate.run(
          async () => {
            expect(++inside).toBe(1);
            times.push(clock.now());
            await clock.sleep(10);
            inside--;
            return succeeded('delivered');
          },
          { endAtMs: 60_000, signal: undefined },
        ),
      ),
    );
    expect(times).toEqual([0, 250, 500, 750, 1000]);
  });

  it('is shut while a hint runs and open at its very end', async () => {
    const clock = fakeClock(0);
    const gate = createGate(clock, 1000);
    const options = { endAtMs: 60_000, signal: undefined };
    await gate.run(async () => transient('wait', { hintMs: 1000 }), options);
    clock.advance(999);
    expect(gate.heldUntil()).toBe(1000);
    expect(await gate.run(async () => succeeded('delivered'), options)).toMatchObject({
      isHeld: true,
      hintMs: 1,
    });
    clock.advance(1);
    expect(gate.heldUntil()).toBe(0);
    expect(await gate.run(async () => succeeded('delivered'), options)).toMatchObject({
      kind: 'ok',
    });
  });
});
