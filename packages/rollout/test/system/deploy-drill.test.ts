import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJournal } from '@dhash/journal';
import { describe, expect, it } from 'vitest';
import { startChild } from './child.ts';
import { type DrillProject, drillable } from './drill-project.ts';

const deploy = ['deploy', '--env', 'production', '--version', '1.1', '--backup-first'];

const eventsOf = async (project: DrillProject) => {
  const runs = (await readdir(join(project.root, 'rollouts'))).filter((name) =>
    /deploy/.test(name),
  );
  const newest = runs.sort().at(-1) ?? '';
  return (await readJournal(join(project.root, 'rollouts', newest, 'journal.ndjson'))).events;
};
const health = async (project: DrillProject) =>
  (await (await fetch(`${project.url}/health`)).json()) as { version: string; pid: number };

describe('a deploy that drills', () => {
  it('says so in its plan, drills before it stops anything, and keeps the proof; doctor and rollback say it', async () => {
    const project = await drillable();
    const plan = await project.run(...deploy, '--dry-run');
    expect(plan.out).toContain('2. drill that backup: restore files and notes');
    expect(plan.out).toContain(
      '11. drill the backup of the stop too, in the same way, while 1.1 serves',
    );
    const ran = await project.run(...deploy);
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(ran.out).toMatch(/✓ drill .*release 1\.0 started and tested on it, in/);
    const steps = (await eventsOf(project)).filter(({ type }) => type === 'step.done');
    const names = steps.map(({ step }) => step);
    expect(names.slice(0, 5)).toEqual(['backup', 'drill', 'lay', 'stop', 'backup-stopped']);
    expect(names.slice(-2)).toEqual(['smoke', 'drill-stopped']);
    const data = steps.at(-1)?.['data'] as { file: string; totalMs: number };
    expect(data.file).toMatch(/_premigrate\.zip$/);
    const proof = JSON.parse(await readFile(join(project.root, `${data.file}.proof.json`), 'utf8'));
    expect(proof).toMatchObject({ started: '1.0', totalMs: data.totalMs });

    const doctor = await project.run('doctor', '--env', 'production');
    expect(doctor.out).toContain('newest proven backup');
    const back = ['rollback', '--env', 'production', '--dry-run', '--backup'];
    expect((await project.run(...back, data.file)).out).toContain('proven by a drill on');
    expect((await project.run('status')).out).toMatch(/way back .*_premigrate\.zip\n +proven by a/);
    expect((await project.run('backup', '--list', '--env', 'production')).out).toMatch(
      / in [\d.]+ m?s .*_premigrate\.zip/,
    );
    const nameless = await project.run('rollback', '--env', 'production');
    expect(nameless).toMatchObject({ exit: 2 });
    expect(nameless.err).toMatch(/--backup \S+_premigrate\.zip --dry-run {3}proven by a drill on/);
    const never = await project.run(...back, project.backup);
    expect(never.out).toContain('never drilled');
    expect(never.out).toContain(`the newest proven one is ${data.file}`);

    const gone = await project.run('rollback', '--env', 'production', '--backup', data.file);
    expect(gone, gone.err + gone.out).toMatchObject({ exit: 0 });
    const proven = { at: proof.at, started: '1.0', totalMs: proof.totalMs };
    const began = (await eventsOf(project)).find(({ type }) => type === 'rollback.started');
    expect(began).toMatchObject({ proven });
    const [incident = ''] = await readdir(join(project.root, 'incidents'));
    const record = join(project.root, 'incidents', incident, 'record.json');
    expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ backup: { proven } });
  });

  it('is undone where only the backup of the stop can not be restored', async () => {
    const project = await drillable();
    const before = await health(project);
    await project.configure({
      start: 'test ! -e drilled || exit 3; touch drilled; NOTES_DATA=$ROLLOUT_DATA ./start.sh',
    });
    const ran = await project.run(...deploy);
    expect(ran.exit, ran.err + ran.out).toBe(1);
    expect(ran.out).toContain('drill-stopped failed: the drill did not hold');
    expect(ran.out).toContain('undone, and seen to be as before: release 1.0 is active');
    expect((await health(project)).version).toBe(before.version);
  });

  it('fails with its drill, as it was before, and names what did not hold', async () => {
    const project = await drillable();
    const before = await health(project);
    await project.configure({ start: 'echo no such table >&2; exit 3' });
    const ran = await project.run(...deploy);
    expect(ran.exit).toBe(1);
    expect(ran.out).toContain('drill failed: the drill did not hold');
    expect(ran.out).toContain('no such table');
    expect(await health(project)).toEqual(before);
  });

  it('killed within its drill, and within that of the stop, it goes on with --resume', async () => {
    const project = await drillable();
    const resume = ['deploy', '--env', 'production', '--resume'];
    const killedAt = async (argv: readonly string[], event: string) => {
      const child = startChild(project, [...argv, '--json'], {
        TEST_KILL_AT: event,
        TEST_KILL_AFTER_MS: '300',
      });
      expect(await child.ended).toBe('SIGKILL');
    };
    await killedAt(deploy, 'step.started:drill');
    await killedAt(resume, 'step.started:drill-stopped');
    expect(await health(project)).toMatchObject({ version: '1.1' });
    const ran = await project.run(...resume);
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(await health(project)).toMatchObject({ version: '1.1' });
    const last = (await eventsOf(project)).filter(({ type }) => type === 'step.done').at(-1);
    expect(last).toMatchObject({
      step: 'drill-stopped',
      data: { file: expect.stringMatching(/_premigrate/) },
    });
    const left = (await readdir(join(project.root, 'backups'))).filter((name) =>
      name.startsWith('.dhash-'),
    );
    expect(left).toEqual([]);
  });
});
