import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NewEvent, openJournal } from '@dhash/journal';
import { describe, expect, it } from 'vitest';
import { asJson } from '../../src/record/recorder.ts';
import { type Standing, standings } from '../../src/record/standing.ts';
import { type Act, mayDo } from '../../src/record/ways-out.ts';
import { runMain } from '../run-main.ts';
import { hurried } from './hurried.ts';
import { expectExit, journalOf, newestRun, policyOf, promote, resultOf } from './observe.ts';
import { makeProject, type Project } from './project.ts';

const production = ['--env', 'production'];

/** Exit codes of a command that was not done as it was asked for: it was refused, or failed in us. */
const refused = [2, 7, 70];

/** A record that ends as a run of this standing does, made from that of a deploy that awaits its guard. */
const recordOf = (
  standing: Standing,
  deploy: readonly NewEvent[],
  { watchStarted, root }: { readonly watchStarted: NewEvent; readonly root: string },
): NewEvent[] => {
  const until = (type: string, step?: string): NewEvent[] => {
    const end = deploy.findIndex(
      (event) => event.type === type && (step === undefined || event['step'] === step),
    );
    return deploy.slice(0, end + 1);
  };
  const opened = deploy[0] ?? { type: 'none' };
  const watched: NewEvent[] = [...deploy, watchStarted];
  const ended = (decision: string): NewEvent[] => [
    ...watched,
    { type: 'watch.ended', decision, reasons: ['because'], samples: 1, sha256: 'x' },
  ];
  const backup = String(
    (
      deploy.find(({ step, type }) => type === 'step.done' && step === 'backup-stopped')?.[
        'data'
      ] as { file?: string }
    )?.file,
  );
  const rolling: NewEvent = {
    type: 'rollback.started',
    backup: join(root, backup),
    sha256: null,
    proven: null,
    data: 'restore',
    from: '1.1',
    to: '1.0',
    reason: 'r',
    trigger: 'gate',
    user: 'u',
  };
  const failed: NewEvent = { type: 'step.failed', step: 'health', error: 'e' };
  const migration = { ...opened, kind: 'migrate' };
  const planned: NewEvent = {
    type: 'migrate.planned',
    direction: 'forward',
    version: '1.1',
    migrations: [],
  };
  const records: Record<Standing, NewEvent[]> = {
    closed: [...ended('promote'), { type: 'run.closed', outcome: 'promoted' }],
    deploying: until('step.started', 'smoke'),
    undoing: [...until('step.started', 'health'), failed],
    migrating: [migration, planned],
    unmigrating: [
      migration,
      planned,
      { type: 'step.started', step: 'stop' },
      { type: 'step.failed', step: 'stop', error: 'e' },
    ],
    'asked to roll back': [{ ...opened, kind: 'rollback' }],
    'awaiting guard': [...deploy],
    watched: [...watched, { type: 'watch.lost', error: 'EIO' }],
    inconclusive: ended('inconclusive'),
    'gate broke': [...ended('rollback'), { type: 'rollback.withheld', why: 'w', decision: 'd' }],
    'rolling back': [...ended('rollback'), rolling],
    'not validated': [
      ...ended('rollback'),
      rolling,
      { type: 'rollback.not-validated', step: 'health', error: 'e', state: 's' },
    ],
    'not rolled back': [...ended('rollback'), { type: 'rollback.failed', error: 'e', state: 's' }],
    'deploy stuck': [
      ...until('step.started', 'health'),
      failed,
      { type: 'run.stuck', problem: 'p' },
    ],
    'migration stuck': [
      migration,
      planned,
      { type: 'step.started', step: 'stop' },
      { type: 'step.failed', step: 'stop', error: 'e' },
      { type: 'run.stuck', problem: 'p' },
    ],
  };
  return records[standing];
};

/** What each act is typed as. */
const typed = (act: Act, backup: string): string[] => {
  const [command = '', option] = act.split(' ');
  const words = [command, ...production, ...(option === undefined ? [] : [option])];
  if (act === 'promote') return [...words, '--now', '--reason', 'r'];
  if (act === 'pause' || act === 'start' || act === 'stop') return [...words, '--reason', 'r'];
  if (act === 'monitor --extend') return [...words, '2s', '--reason', 'r'];
  if (act === 'rollback') return [...words, '--backup', backup];
  if (act === 'deploy' || act === 'deploy --supersede')
    return [...words, '--version', '1.2', '--retry-version', '--reason', 'r'];
  return words;
};

/** Runs a command until it has put its first line on a record: from there on it is accepted. */
const untilAccepted = async (project: Project, argv: string[]) => {
  const stop = new AbortController();
  const ran = await runMain([...argv, '--json'], {
    processEnv: project.processEnv,
    cwd: project.root,
    clock: hurried,
    signal: stop.signal,
    onOut: (text) => {
      if (/"type":"(\w+\.[\w.-]+|plan)"/.test(text)) stop.abort(new Error('accepted'));
    },
  });
  return { ...ran, isAccepted: stop.signal.aborted || !refused.includes(ran.exit) };
};

const saved = ['rollouts', 'monitor_logs', 'app', 'backups'];
const actsTried: readonly Act[] = [
  'deploy',
  'deploy --resume',
  'deploy --abort',
  'deploy --supersede',
  'monitor',
  'monitor --resume',
  'monitor --extend',
  'promote',
  'pause',
  'rollback',
  'rollback --resume',
  'migrate --resume',
];

describe('ways out, through the command line', () => {
  it('what status prints is accepted, and what is refused it does not print', async () => {
    const project = await makeProject({ hurried: true, duration: '2s', minCoverage: 0.1 });
    await promote(project);
    expectExit(await project.run('deploy', ...production, '--version', '1.1'), 0);
    const run = await newestRun(project);
    const deploy = (await journalOf(project, run)).map(
      ({ seq: _s, at: _a, prev: _p, hash: _h, format: _f, ...event }) => event as NewEvent,
    );
    const policy = await policyOf(project);
    const watchStarted: NewEvent = {
      type: 'watch.started',
      startedAt: Date.now(),
      fingerprint: policy.fingerprint,
      file: 's',
      policy: asJson(policy),
      bootId: 'b',
    };
    for (const name of saved)
      await cp(join(project.root, name), join(project.root, 'saved', name), {
        recursive: true,
        verbatimSymlinks: true,
      });
    const journal = join(project.root, 'rollouts', run, 'journal.ndjson');
    const set = async (standing: Standing) => {
      for (const name of saved) {
        await rm(join(project.root, name), { recursive: true, force: true });
        await cp(join(project.root, 'saved', name), join(project.root, name), {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
      await rm(journal);
      const written = await openJournal(journal, { now: Date.now });
      for (const event of recordOf(standing, deploy, { watchStarted, root: project.root }))
        await written.append(event);
      await written.close();
    };
    let cells = 0;
    let accepted = 0;
    for (const standing of standings) {
      await set(standing);
      const shown = resultOf((await project.run('status', '--json')).out);
      expect(shown['standing'], standing).toBe(standing);
      const ways = (shown['ways'] as string[]).join('\n');
      const backup = String((shown['wayBack'] as { file: string }).file);
      for (const act of actsTried) {
        await set(standing);
        const { isAccepted, err, exit } = await untilAccepted(project, typed(act, backup));
        const answer = mayDo(act, {
          state: shown['newest'] as Parameters<typeof mayDo>[1]['state'],
          rollbackUnfinished: ['rolling back', 'not validated'].includes(standing),
          held: 'free',
          drift: null,
        });
        expect(isAccepted, `${standing}: ${act}: exit ${exit}: ${err}`).toBe(answer.go);
        const [command = '', option = ''] = act.split(' ');
        const printed = new RegExp(
          `dhash-rollout ${command} --env production${option === '' ? '(?! --(resume|abort|supersede|extend))' : ` ${option}`}`,
        ).test(ways);
        if (printed) expect(isAccepted, `${standing} prints ${act}`).toBe(true);
        cells += 1;
        if (isAccepted) accepted += 1;
      }
    }
    console.log(
      `ways out: ${standings.length} standings x ${actsTried.length} acts = ${cells} cells tried, ${accepted} accepted, ${cells - accepted} refused`,
    );
  }, 900_000);
});
