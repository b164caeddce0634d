import { expect, it, vi } from 'vitest';
import { judge } from './judge.ts';
import { newTemplate } from './seeds.ts';
import { tellStory } from './simulate.ts';
import type { Story } from './story.ts';
import { type Told, writtenOf } from './told.ts';
import { startMs } from './world.ts';

/* What the simulation found once, each as a story that is short enough to be read. */

vi.mock('@dhash/backup-core', async (load) =>
  (await import('./stand-ins.ts')).backupCoreStandIn(await load()),
);
vi.mock('@dhash/notifier', async (load) =>
  (await import('./stand-ins.ts')).notifierStandIn(await load()),
);
vi.mock(
  '../../src/pages/write-run-pages.ts',
  async () => (await import('./stand-ins.ts')).pagesStandIn,
);

const env = ['--env', 'production'];
const deploy = ['deploy', ...env, '--version', '1.1'];
const status = ['status', ...env];

const healthy = { kind: 'healthy' } as const;

/** Nothing goes wrong but what is told. */
const quiet: Story = {
  isFirst: false,
  data: 'restore',
  checksVersion: true,
  behaviours: { '1.0': healthy, '1.1': healthy, '1.2': healthy },
  deploy,
  doom: null,
  incidents: [],
  followUps: [],
};

const typed = (argv: readonly string[]) => ({ kind: 'typed', argv, doom: null }) as const;

const tell = async (changed: Partial<Story>): Promise<Told> => {
  const template = await newTemplate();
  return tellStory({ seed: 1, story: { ...quiet, ...changed } }, template, (told) => {
    expect(judge(told)).toBeNull();
    return told;
  });
};

/** The first command that began so. */
const commandOf = ({ commands }: Told, ...argv: readonly string[]) => {
  const found = commands.find((command) => argv.every((word) => command.argv.includes(word)));
  if (found === undefined) throw new Error(`nobody typed ${argv.join(' ')}`);
  return found;
};

it('promotes through a watch with what was seen of the service', async () => {
  const told = await tell({
    deploy: [...deploy, '--monitor'],
    incidents: [
      {
        afterMs: 10_000,
        incident: {
          kind: 'type',
          argv: ['promote', ...env, '--now', '--reason', 'ok'],
          doom: null,
        },
      },
    ],
  });
  const [closed] = writtenOf(told.world.facts, 'run.closed');
  expect(closed?.event).toMatchObject({
    outcome: 'promoted',
    seen: 'release 1.1 is active and answers OK',
  });
});

it('calls for people where a deploy can not be taken back, and offers another backup', async () => {
  const told = await tell({
    behaviours: { ...quiet.behaviours, '1.1': { kind: 'sick' } },
    incidents: [{ afterMs: 5_000, incident: { kind: 'tamper', how: 'replaced' } }],
    followUps: [typed(status)],
  });
  expect(commandOf(told, 'deploy').exit()).toBe(6);
  expect(commandOf(told, 'status').out()).toMatch(
    /rollback --env production --backup \S+predeploy/,
  );
});

it('does not await a guard for what somebody switched away meanwhile', async () => {
  const told = await tell({
    checksVersion: false,
    // Its last step is done, and that it awaits its guard is not yet on the record.
    doom: { at: 'line', count: 17, how: 'before' },
    followUps: [
      { kind: 'befalls', incident: { kind: 'drift', to: '1.2' } },
      typed(['deploy', ...env, '--resume']),
    ],
  });
  const resumed = commandOf(told, '--resume');
  expect([resumed.exit(), resumed.out()]).toEqual([5, expect.stringContaining('drift')]);
});

it('does not offer to go on with a deploy that had planned nothing', async () => {
  const told = await tell({
    doom: { at: 'line', count: 2, how: 'before' },
    followUps: [typed(status)],
  });
  const page = commandOf(told, 'status').out();
  expect(page).toContain('--abort');
  expect(page).not.toContain('--resume');
});

it('knows the newest run where the clock was set back before it began', async () => {
  const told = await tell({
    deploy: [...deploy, '--monitor'],
    incidents: [{ afterMs: 41_000, incident: { kind: 'clock', byMs: -3_600_000 } }],
    followUps: [
      typed(['rollback', ...env, '--release-only', '--to', '1.0']),
      typed(['rollback', ...env, '--backup', 'NEWEST']),
      typed(status),
    ],
  });
  expect(commandOf(told, 'status').out()).toMatch(/run +\S+-rollback-\S+: rolled back/);
});

it('waits for health by a clock that nobody sets', async () => {
  const told = await tell({
    behaviours: { ...quiet.behaviours, '1.1': { kind: 'flapping', everyMs: 1_900 } },
    incidents: [{ afterMs: 3_000, incident: { kind: 'clock', byMs: 3_600_000 } }],
  });
  const [failed] = writtenOf(told.world.facts, 'step.failed');
  expect((failed?.atMs ?? 0) - startMs).toBeGreaterThan(60_000);
});
