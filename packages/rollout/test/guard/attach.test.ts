import { describe, expect, it } from 'vitest';
import { whyNoRollback } from '../../src/guard/act.ts';
import { attachWatch } from '../../src/guard/attach.ts';
import type { RunState, RunStatus } from '../../src/record/run-state.ts';
import { newestChange, type RecordedRun } from '../../src/record/runs.ts';
import type { Situation } from '../../src/record/standing.ts';

const run = (
  kind: RunState['kind'],
  status: RunStatus,
  changed: Partial<RunState> = {},
): RecordedRun => ({
  events: [],
  state: {
    run: `${kind}-1`,
    kind,
    env: 'production',
    status,
    version: '1.1',
    previous: '1.0',
    backup: null,
    watch: null,
    rolledBack: null,
    rollbackBy: null,
    openedAt: '',
    endedAt: null,
    closed: false,
    reasons: [],
    head: '1:x',
    service: 'started',
    at: null,
    planned: true,
    undoing: false,
    ...changed,
  },
});
const watch = { startedAt: 1, fingerprint: 'f', bootId: '' };

describe('attachWatch', () => {
  it.each<[string, RecordedRun[], boolean, string]>([
    ['no run at all', [], false, 'alone'],
    ['a deploy that awaits its guard', [run('deploy', 'awaiting guard')], false, 'guard'],
    ['a watch whose process died', [run('deploy', 'watching', { watch })], false, 'resume'],
    ['the same with --resume', [run('deploy', 'watching', { watch })], true, 'resume'],
    [
      'an inconclusive run gets a new window',
      [run('deploy', 'inconclusive', { watch })],
      false,
      'guard',
    ],
    ['which --resume cannot resume', [run('deploy', 'inconclusive', { watch })], true, 'refused'],
    ['a closed deploy', [run('deploy', 'promoted', { closed: true })], false, 'alone'],
    [
      '--resume with nothing cut off',
      [run('deploy', 'promoted', { closed: true })],
      true,
      'refused',
    ],
    ['--resume of a watch of its own', [run('watch', 'watching', { watch })], true, 'resume'],
    ['without --resume it starts anew', [run('watch', 'watching', { watch })], false, 'alone'],
    ['a deploy that was cut off', [run('deploy', 'in progress')], false, 'refused'],
    ['an undo that failed', [run('deploy', 'needs people', { undoing: true })], false, 'refused'],
    [
      'a gate that broke and could not be rolled back',
      [run('deploy', 'needs people')],
      false,
      'guard',
    ],
  ])('%s', (_, runs, resume, kind) => {
    const newest = newestChange(runs);
    const situation: Situation = {
      state: newest?.state ?? null,
      rollbackUnfinished: false,
      held: 'free',
      drift: null,
    };
    const act = resume ? 'monitor --resume' : 'monitor';
    expect(attachWatch(act, { runs, newest, situation }).kind).toBe(kind);
  });
});

describe('whyNoRollback', () => {
  const facts: Parameters<typeof whyNoRollback>[0] = {
    kind: 'deploy',
    autoRollback: true,
    gapMs: 0,
    activated: '1.1',
    active: '1.1',
    previous: '1.0',
  };
  it('goes ahead where all is as it should be', () => {
    expect(whyNoRollback(facts)).toBeNull();
    expect(whyNoRollback({ ...facts, gapMs: 15 * 60_000 })).toBeNull();
  });
  it.each<[string, Partial<typeof facts>, RegExp]>([
    ['a watch of its own', { kind: 'watch' }, /no deploy/],
    ['--no-auto-rollback', { autoRollback: false }, /switched off/],
    ['drift', { active: '1.2' }, /drift.*1\.2/],
    ['a first deploy', { previous: null }, /first deploy/],
    ['a long gap', { gapMs: 15 * 60_000 + 1 }, /nobody watched/],
  ])('not with %s', (_, changed, why) => {
    expect(whyNoRollback({ ...facts, ...changed })).toMatch(why);
  });
});
