import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../src/chain.ts';
import {
  runSteps,
  type Step,
  type StepEvent,
  type StepsOutcome,
  undoSteps,
} from '../src/run-steps.ts';

/** Steps over a set of marks: `run` adds its name, `undo` removes it, so that both can be repeated. */
const world = (names: readonly string[], failing: ReadonlySet<string> = new Set()) => {
  const marks = new Set<string>();
  const calls: string[] = [];
  const steps: Step[] = names.map((name) => ({
    name,
    run: async () => {
      calls.push(`run ${name}`);
      marks.add(name);
      if (failing.has(name)) throw new Error(`${name} failed`);
      return { of: name };
    },
    undo: async (done) => {
      calls.push(`undo ${name} ${JSON.stringify(done)}`);
      marks.delete(name);
    },
  }));
  return { marks, calls, steps };
};

/** Appends every event, as a recorder does, and stops for good after `limit` of them. */
const record = async (
  events: AsyncGenerator<StepEvent, StepsOutcome>,
  journal: NewEvent[],
  limit = Number.POSITIVE_INFINITY,
): Promise<StepsOutcome | 'killed'> => {
  for (let count = 0; ; count++) {
    const next = await events.next();
    if (next.done) return next.value;
    if (count >= limit) return 'killed';
    journal.push(next.value);
  }
};

const names = ['backup', 'stop', 'migrate', 'start'];
const short = (journal: readonly NewEvent[]) =>
  journal.map(({ type, step }) => `${type.slice(5)} ${String(step)}`);

describe('runSteps', () => {
  it('records before each act and after it', async () => {
    const { steps, calls } = world(['a', 'b']);
    const seen: string[] = [];
    let elapsed = 0;
    const events = runSteps(steps, [], { elapsedMs: () => (elapsed += 5) });
    for await (const event of events) seen.push(`${event.type} after ${calls.length} calls`);
    expect(seen).toEqual([
      'step.started after 0 calls',
      'step.done after 1 calls',
      'step.started after 1 calls',
      'step.done after 2 calls',
    ]);
    const journal: NewEvent[] = [];
    await record(runSteps(steps, [], { elapsedMs: () => (elapsed += 5), scope: 's' }), journal);
    expect(journal[1]).toEqual({
      type: 'step.done',
      step: 'a',
      data: { of: 'a' },
      ms: 5,
      scope: 's',
    });
  });

  it('runs nothing, not even an undo, once its consumer stops', async () => {
    for (let stopAfter = 1; stopAfter <= 5; stopAfter++) {
      const { steps, calls } = world(['a', 'b'], new Set(['b']));
      let count = 0;
      for await (const _ of runSteps(steps, [])) if (++count === stopAfter) break;
      const all = ['run a', 'run b', 'undo b null', 'undo a {"of":"a"}'];
      // started a | done a | started b | failed b | undone b
      expect(calls).toEqual(all.slice(0, [0, 1, 1, 2, 3][stopAfter - 1]));
    }
  });

  it.each(['undo', 'stop'] as const)('on failure: %s', async (onFailure) => {
    const { steps, marks } = world(names, new Set(['migrate']));
    const journal: NewEvent[] = [];
    const outcome = await record(runSteps(steps, [], { onFailure }), journal);
    expect(outcome).toMatchObject({
      kind: 'failed',
      step: 'migrate',
      error: { message: 'migrate failed' },
    });
    expect(outcome).toHaveProperty('undone', onFailure === 'undo' ? 'all' : 'none');
    expect([...marks]).toEqual(onFailure === 'undo' ? [] : ['backup', 'stop', 'migrate']);
    expect(short(journal).slice(6)).toEqual(
      onFailure === 'undo' ? ['undone migrate', 'undone stop', 'undone backup'] : [],
    );
  });

  it('reports an undo that fails, and leaves what is below it', async () => {
    const { steps, marks } = world(names, new Set(['start']));
    const stuck = steps.map((step) =>
      step.name === 'stop' ? { ...step, undo: () => Promise.reject(new Error('stuck')) } : step,
    );
    const journal: NewEvent[] = [];
    const outcome = await record(runSteps(stuck, []), journal);
    expect(outcome).toMatchObject({ undone: { failedAt: 'stop', error: { message: 'stuck' } } });
    expect([...marks]).toEqual(['backup', 'stop']);
    expect(await record(undoSteps(steps, journal), journal)).toEqual({ kind: 'done' });
    expect([...marks]).toEqual([]);
  });

  it('takes an abort for an interruption: nothing undone, and a resume goes on', async () => {
    const { steps, calls } = world(['a', 'b', 'c']);
    const abort = new AbortController();
    const journal: NewEvent[] = [];
    const aborting = steps.map((step) =>
      step.name === 'b'
        ? {
            ...step,
            run: async ({ signal }: { signal: AbortSignal }) => {
              abort.abort(new Error('SIGINT'));
              signal.throwIfAborted();
            },
          }
        : step,
    );
    const outcome = await record(runSteps(aborting, [], { signal: abort.signal }), journal);
    expect(outcome).toEqual({
      kind: 'failed',
      step: 'b',
      error: new Error('SIGINT'),
      undone: 'none',
    });
    expect(short(journal)).toEqual(['started a', 'done a', 'started b']);
    expect(await record(runSteps(steps, journal), journal)).toEqual({ kind: 'done' });
    expect(calls).toEqual(['run a', 'run b', 'run c']);
    expect(await record(runSteps(steps, [], { signal: abort.signal }), [])).toMatchObject({
      step: 'a',
      undone: 'none',
    });
  });

  it('after kill -9 at any event, a resume ends as an unbroken run does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
        fc.nat(5),
        fc.array(fc.nat(4), { maxLength: 6 }),
        async (list, failAt, kills) => {
          const failing = new Set(list.slice(failAt, failAt + 1));
          const { steps, marks, calls } = world(list, failing);
          const journal: NewEvent[] = [];
          let outcome: StepsOutcome | 'killed' = 'killed';
          for (const limit of [...kills, Number.POSITIVE_INFINITY])
            if (outcome === 'killed')
              outcome = await record(runSteps(steps, journal), journal, limit);
          expect(outcome).toMatchObject(failing.size === 0 ? { kind: 'done' } : { undone: 'all' });
          expect([...marks].sort()).toEqual(failing.size === 0 ? [...list].sort() : []);
          const done = journal.filter(({ type }) => type === 'step.done').map(({ step }) => step);
          expect(done).toEqual(list.slice(0, failing.size === 0 ? list.length : failAt));
          // Once done on record, a step is never run again; before that it may be.
          for (const name of done) {
            const runs = calls.filter((call) => call === `run ${String(name)}`).length;
            expect(runs).toBeLessThanOrEqual(1 + kills.length);
          }
        },
      ),
    );
  });

  it('gives an undo what its step returned, also in a later process', async () => {
    const { steps, calls } = world(['a', 'b']);
    const past: NewEvent[] = [
      { type: 'step.started', step: 'a' },
      { type: 'step.done', step: 'a', data: { kept: 1 }, ms: 1 },
      { type: 'step.started', step: 'b' },
    ];
    expect(await record(undoSteps(steps, past), past)).toEqual({ kind: 'done' });
    expect(calls).toEqual(['undo b null', 'undo a {"kept":1}']);
    expect(await record(undoSteps(steps, past), past)).toEqual({ kind: 'done' });
    expect(calls).toHaveLength(2);
  });

  it('counts only events of its own scope, and refuses a step it does not know', async () => {
    const { steps, calls } = world(['stop', 'start']);
    const past: NewEvent[] = [{ type: 'step.done', step: 'stop', data: null, ms: 1 }];
    await record(runSteps(steps, past, { scope: 'rollback' }), []);
    await record(
      runSteps(steps, [...past, { type: 'step.started', step: 'swap', scope: 'rollback' }]),
      [],
    );
    expect(calls).toEqual(['run stop', 'run start', 'run start']);
    await expect(
      record(runSteps(steps, [{ type: 'step.started', step: 'swap' }]), []),
    ).rejects.toMatchObject({ code: 'unknown-step' });
  });

  it('starts afresh once everything was undone, and goes on once a failed step ran again', async () => {
    const { steps, calls } = world(['a', 'b']);
    const failed: NewEvent[] = [
      { type: 'step.started', step: 'a' },
      { type: 'step.failed', step: 'a', error: 'x' },
    ];
    const undone: NewEvent[] = [...failed, { type: 'step.undone', step: 'a' }];
    expect(await record(runSteps(steps, undone), [])).toEqual({ kind: 'done' });
    const again: NewEvent[] = [
      ...failed,
      { type: 'step.started', step: 'a' },
      { type: 'step.done', step: 'a', data: null, ms: 1 },
    ];
    expect(await record(runSteps(steps, again), [])).toEqual({ kind: 'done' });
    expect(calls).toEqual(['run a', 'run b', 'run b']);
  });

  it('stops an undo at an abort', async () => {
    const { steps, calls } = world(['a']);
    const past: NewEvent[] = [{ type: 'step.started', step: 'a' }];
    const outcome = await record(undoSteps(steps, past, { signal: AbortSignal.abort() }), past);
    expect(outcome).toMatchObject({ kind: 'failed', step: 'a' });
    expect(calls).toEqual([]);
  });
});
