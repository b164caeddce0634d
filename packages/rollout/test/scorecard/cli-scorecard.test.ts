import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type NewEvent, openJournal } from '@dhash/journal';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process/clock.ts';
import { opened } from '../opened.ts';
import { runMain } from '../run-main.ts';

const gates = `environments:
  production:
    duration: 10
    autoRollback: true
    pollCadence: { initial: 60, normal: 60 }
    qualityGates:
      healthFailures: { threshold: 2 }
      queue:
        kind: level
        gauge: queue
        unit: items
        threshold: 20
        onBreak: advise # tried first
      eager: { kind: level, gauge: queue, threshold: 14 }
`;

interface Run {
  readonly peak: number;
  readonly version?: string;
  readonly closing?: readonly NewEvent[];
  readonly firstLine?: Record<string, unknown>;
  readonly broke?: readonly string[];
  readonly log?: 'kept' | 'gone' | 'damaged';
}

const promoted = { type: 'run.closed', outcome: 'promoted' };
const rolledBack = (version: string): NewEvent[] => [
  {
    ...{ type: 'rollback.started', backup: null, sha256: null, proven: null, data: 'keep' },
    ...{ from: version, to: '1.0', reason: 'a gate broke', trigger: 'gate', user: 'ann' },
  },
  { type: 'run.closed', outcome: 'rolled back' },
];

const minute = (peak: number, index: number) => (index === 4 ? peak : 1);

/** A checkout with these watched deploys on record, an hour apart. */
const checkout = async (runs: readonly Run[]): Promise<string> => {
  const cwd = await tempFolder();
  await writeFile(join(cwd, 'gates.yaml'), gates);
  const policy = gatesFor(parseGates(gates, { file: 'gates.yaml' }), 'production');
  for (const [index, each] of runs.entries()) {
    const { peak, version = `1.${index + 1}`, firstLine = {}, log = 'kept', broke = [] } = each;
    const openedAt = Date.UTC(2026, 10, 24, index);
    const at = new Date(openedAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    const run = `${at}Z-production-deploy-000${index}`;
    const file = join(cwd, 'rollouts', run, 'journal.ndjson');
    await mkdir(dirname(file), { recursive: true });
    const journal = await openJournal(file, { now: () => openedAt });
    const planned = { type: 'deploy.planned', version, previous: '1.0', first: false, steps: [] };
    const lists = { disarmed: [], newData: [], migrations: [], options: {}, sentences: [] };
    const events = [
      opened({ version }),
      { ...planned, ...lists },
      {
        ...{ type: 'watch.started', startedAt: openedAt, fingerprint: policy.fingerprint },
        ...{ file: 'samples.ndjson', policy: JSON.parse(JSON.stringify(policy)) },
      },
      ...broke.map((gate) => ({
        ...{ type: 'verdict.changed', gate, from: 'pass', to: 'break' },
        ...{ sentence: `${gate} broke`, sampleAt: openedAt },
      })),
      ...(each.closing ?? [promoted]),
    ];
    for (const event of events) await journal.append(event);
    await journal.close();
    if (log === 'gone') continue;
    const lines = Array.from({ length: 11 }, (_, poll) =>
      JSON.stringify({
        ...(poll === 0 ? firstLine : {}),
        ...{ at: openedAt + poll * 60_000, health: { ok: true } },
        metrics: { queue: minute(peak, poll) },
      }),
    );
    const text = log === 'damaged' ? '{"at":\n' : `${lines.join('\n')}\n`;
    await mkdir(join(cwd, 'monitor_logs', run), { recursive: true });
    await writeFile(join(cwd, 'monitor_logs', run, 'samples.ndjson'), text);
  }
  return cwd;
};

const scorecardOf = (cwd: string, ...more: string[]) =>
  runMain(['gates', 'scorecard', '--gates', 'gates.yaml', ...more], {
    processEnv: {},
    cwd,
    clock: systemClock,
  });

describe('gates scorecard', () => {
  it('says of each gate how often it was right, and what can be armed, with the line', async () => {
    const cwd = await checkout([
      { peak: 3 },
      { peak: 5, firstLine: { format: 1 } },
      { peak: 15, broke: ['eager'], closing: [{ ...promoted, user: 'ann', reason: 'known' }] },
      { peak: 10, firstLine: { format: 2 } },
      { peak: 4 },
      { peak: 30, broke: ['eager', 'older'], closing: rolledBack('1.6') },
    ]);
    const { exit, out } = await scorecardOf(cwd);
    expect(exit).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "production: 6 deploys (5 good, 1 bad), 1 false alarm, 1 true, closest approach 75 % of queue's limit
        as the gates were at the time: 1 false alarm, 1 true
        gate            on break  now              at the time      closest in a good run        not judged
        healthFailures  rollback  -                -                0 % (0 of 2)                 0 of 66 polls
        queue           advise    1 true           -                75 % (15 items of 20 items)  0 of 60 polls
        eager           rollback  1 false, 1 true  1 false, 1 true  71.4 % (10 of 14)            0 of 54 polls
        older           gone      -                1 true           -                            -
        arm queue: 5 good runs, no false alarm, closest approach 75 %. gates.yaml:13: onBreak: advise → onBreak: rollback
        too eager eager: it is on rollback, and would have broken 20261124T020000Z-production-deploy-0002 (promoted by a person). Raise its limit (gates tune), or until then: add onBreak: advise at gates.yaml:14
      a break is a false alarm where the release stayed or came back unchanged, true where it was taken out for good
      "
    `);
  });

  it('gives the same as events, and the runs with their endings in the result', async () => {
    const cwd = await checkout([{ peak: 15 }, { peak: 30, closing: rolledBack('1.2') }]);
    const { out } = await scorecardOf(cwd, '--json', '--env', 'production');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ type }) => type)).toEqual([...new Array(3).fill('gate-score'), 'result']);
    expect(events[2]).toMatchObject({
      gate: 'eager',
      advice: { kind: 'too eager' },
      change: { file: 'gates.yaml', line: 14, from: null, to: 'onBreak: advise' },
    });
    expect(events.at(-1)).toMatchObject({
      environments: [
        {
          environment: 'production',
          deploys: 2,
          runs: [{ ending: 'promoted' }, { ending: 'rolled back' }],
        },
      ],
    });
  });

  it('counts a run whose samples are gone or damaged by its record, and says so', async () => {
    const cwd = await checkout([
      { peak: 1, log: 'gone', broke: ['queue'] },
      { peak: 1, log: 'damaged' },
      { peak: 1 },
    ]);
    const { exit, out, err } = await scorecardOf(cwd);
    expect(exit).toBe(0);
    expect(out).toMatch(/^production: 3 deploys \(3 good, 0 bad\), 0 false alarms, 0 true, /);
    expect(out).toMatch(/^ {2}as the gates were at the time: 1 false alarm, 0 true$/m);
    expect(out + err).toMatch(
      /0000 counts by its record alone: its samples are not there any more/,
    );
    expect(out + err).toMatch(/0001 counts by its record alone: .*samples\.ndjson:1/);
  });

  it('says what to do where nothing is on record', async () => {
    const { exit, out } = await scorecardOf(await checkout([]));
    expect([exit, out]).toEqual([
      0,
      expect.stringMatching(/^no watched deploy is on record yet: after 5 good ones/),
    ]);
  });

  it('refuses an environment that is none', async () => {
    const { exit, err } = await scorecardOf(await checkout([]), '--env', 'live');
    expect([exit, err]).toEqual([2, expect.stringContaining('no environment "live"')]);
  });
});
