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

describe('a deploy that drills', { timeout: 120_000 }, () => {
  it('says so in its plan, drills before it stops anything, and keeps the proof; doctor and rollback say it', async () => {
    const project = await drillable();
    const plan = await project.run(...deploy, '--dry-run');
    expect(plan.out).toContain('2. drill that backup: restore files and notes');
    expect(plan.out).toContain('(not drilled, as the service is down meanwhile)');
    const ran = await project.run(...deploy);
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(ran.out).toMatch(/✓ drill .*release 1\.0 started and tested on it, in/);
    const steps = (await eventsOf(project)).filter(({ type }) => type === 'step.done');
    expect(steps.map(({ step }) => step).slice(0, 4)).toEqual(['backup', 'drill', 'lay', 'stop']);
    const data = steps[1]?.['data'] as { file: string; totalMs: number };
    const proof = JSON.parse(await readFile(join(project.root, `${data.file}.proof.json`), 'utf8'));
    expect(proof).toMatchObject({ started: '1.0', totalMs: data.totalMs });

    const doctor = await project.run('doctor', '--env', 'production');
    expect(doctor.out).toContain('newest proven backup');
    const back = ['rollback', '--env', 'production', '--dry-run', '--backup'];
    expect((await project.run(...back, data.file)).out).toContain('proven by a drill on');
    const never = await project.run(...back, project.backup);
    expect(never.out).toContain('never drilled');
    expect(never.out).toContain(`the newest proven one is ${data.file}`);
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

  it('killed within its drill, it goes on with --resume', async () => {
    const project = await drillable();
    const child = startChild(project, [...deploy, '--json'], {
      TEST_KILL_AT: 'step.started:drill',
      TEST_KILL_AFTER_MS: '300',
    });
    expect(await child.ended).toBe('SIGKILL');
    const ran = await project.run('deploy', '--env', 'production', '--resume');
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(await health(project)).toMatchObject({ version: '1.1' });
    const left = (await readdir(join(project.root, 'backups'))).filter((name) =>
      name.startsWith('.dhash-'),
    );
    expect(left).toEqual([]);
  });
});
