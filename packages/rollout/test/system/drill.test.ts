import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { hasTool, startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { rewriteManifest } from '../backup/zip-patch.ts';
import { startChild, startChildUnder } from './child.ts';
import { type DrillProject, drillable } from './drill-project.ts';

const env = ['--env', 'production'];
const run = promisify(execFile);

const namesIn = async (project: DrillProject) => readdir(join(project.root, 'backups'));
const scratchIn = async (project: DrillProject) =>
  (await namesIn(project)).filter((name) => name.startsWith('.dhash-'));

describe('a drill', () => {
  it('restores a backup, starts its release on it, tests it, and leaves the proof and nothing else', async () => {
    const project = await drillable();
    const before = await namesIn(project);
    const ran = await project.run('backup', '--drill', project.backup, '--json');
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });

    const proofFile = `${project.backup}.proof.json`;
    expect((await stat(proofFile)).mode & 0o777).toBe(0o600);
    const proof = JSON.parse(await readFile(proofFile, 'utf8'));
    const sidecar = await readFile(`${project.backup}.sha256`, 'utf8');
    expect(proof).toMatchObject({ format: 1, sha256: sidecar.slice(0, 64), started: '1.0' });
    const names = proof.phases.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['verify', 'restore', 'compare', 'start', 'health', 'smoke', 'swap']);
    expect(proof.totalMs).toBeGreaterThan(0);
    expect((await namesIn(project)).sort()).toEqual(
      [...before, proofFile.slice(project.root.length + 9)].sort(),
    );
    // The service that runs was not touched: its own row is still the only one.
    expect(project.notes()).toBe(1);

    const listed = await project.run('backup', ...env, '--list', '--json');
    const { backups } = JSON.parse(listed.out.trimEnd().split('\n').at(-1) ?? '');
    expect(backups[0]).toMatchObject({ provenAt: proof.at });
  });

  it('shows the drilled processes the restored data, the facts, and of ours only what drill.env names', async () => {
    const project = await drillable({ drill: '{ env: [DRILL_ALLOWED] }' });
    process.env['DRILL_CANARY'] = 'a secret of ours';
    project.processEnv['DRILL_CANARY'] = 'a secret of ours';
    project.processEnv['DRILL_ALLOWED'] = 'may be seen';
    const ran = await project.run('backup', '--drill', project.backup);
    delete process.env['DRILL_CANARY'];
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    const seen = JSON.parse(await project.read('seen-by-smoke.json'));
    expect(JSON.stringify(seen)).not.toContain('a secret of ours');
    const shellsOwn = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    const variables = Object.keys(seen.env).filter((name) => !shellsOwn.includes(name));
    expect(variables.sort()).toEqual([
      'DRILL_ALLOWED',
      'HOME',
      'PATH',
      'ROLLOUT_DATA',
      'ROLLOUT_DATA_FILES',
      'ROLLOUT_DATA_NOTES',
      'ROLLOUT_DRILL',
      'ROLLOUT_ENV',
      'ROLLOUT_PREVIOUS',
      'ROLLOUT_RUN',
      'ROLLOUT_URL',
      'ROLLOUT_VERSION',
      'TMPDIR',
    ]);
    expect(seen.env).toMatchObject({
      ROLLOUT_DRILL: '1',
      ROLLOUT_ENV: 'production',
      ROLLOUT_VERSION: '1.0',
      ROLLOUT_DATA_NOTES: `${seen.env.ROLLOUT_DATA}/notes.db`,
    });
    expect(seen.env.ROLLOUT_URL).not.toBe(project.url);
  });

  it('keeps them from every address but their own, and from writing live data', async () => {
    expect(hasTool('unshare')).toBe(true);
    const host = await startHttpServer((_, response) => {
      response.end('the host');
    });
    const project = await drillable({ ask: [host.url, 'http://192.0.2.1/'] });
    const ran = await project.run('backup', '--drill', project.backup);
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    const seen = JSON.parse(await project.read('seen-by-smoke.json'));
    expect(seen.asked).toEqual(['ECONNREFUSED', 'ENETUNREACH']);
    expect(seen.wroteLive).toBe('EROFS');
    expect(host.requests).toEqual([]);
    const allowed = await drillable({ ask: [host.url], drill: '{ network: allow }' });
    const again = await allowed.run('backup', '--drill', allowed.backup);
    expect(again, again.err + again.out).toMatchObject({ exit: 0 });
    const seenNow = JSON.parse(await allowed.read('seen-by-smoke.json'));
    expect(seenNow).toMatchObject({ asked: ['200'], wroteLive: 'EROFS' });
  });

  it('says in a dry run what it would start, with which variables, on which network, and writes nothing', async () => {
    const project = await drillable({ drill: '{ env: [DRILL_ALLOWED] }' });
    const before = await namesIn(project);
    const ran = await project.run('backup', '--drill', project.backup, '--dry-run');
    expect(ran.exit).toBe(0);
    expect(ran.out).toContain('start release 1.0 on it, on a free port: NOTES_DATA=');
    expect(ran.out).toContain('of ours DRILL_ALLOWED');
    expect(ran.out).toContain('no network but its own loopback');
    expect(await namesIn(project)).toEqual(before);
  });

  it.each([
    ['that does not start', { start: 'echo no such table >&2; exit 3' }, 'no such table'],
    ['that starts and answers nothing', { start: 'true', timeout: '2s' }, 'not healthy'],
    ['whose smoke tests fail', { smoke: 'echo a row is missing; exit 1' }, 'a row is missing'],
  ])('fails with a service %s, and takes an earlier proof away', async (_, broken, says) => {
    const project = await drillable();
    expect((await project.run('backup', '--drill', project.backup)).exit).toBe(0);
    await project.configure(broken);
    const ran = await project.run('backup', '--drill', project.backup);
    expect(ran.exit).toBe(1);
    expect(ran.err).toContain('the drill did not hold');
    expect(ran.err).toContain(says);
    expect(ran.out + ran.err).toContain('was taken away');
    expect(await namesIn(project)).not.toContain(`${basename(project.backup)}.proof.json`);
    expect(await scratchIn(project)).toEqual([]);
  });

  it('fails, with exit 8, for a backup that does not verify', async () => {
    const project = await drillable();
    const bytes = await readFile(project.backup);
    bytes.writeUInt8((bytes.at(200) ?? 0) ^ 1, 200);
    await writeFile(project.backup, bytes);
    expect((await project.run('backup', '--drill', project.backup)).exit).toBe(8);
    expect(await scratchIn(project)).toEqual([]);
  });

  it('fails, with exit 8, for a genuine backup whose manifest tells other rows', async () => {
    const project = await drillable();
    const zip = rewriteManifest(await readFile(project.backup), (text) =>
      text.replace(/"notes": 1\b/, '"notes": 2'),
    );
    await writeFile(project.backup, zip);
    const sha256 = createHash('sha256').update(zip).digest('hex');
    await writeFile(`${project.backup}.sha256`, `${sha256}  backups/${basename(project.backup)}\n`);
    // Every hash is right, so only who counts finds it.
    expect((await project.run('backup', '--verify', project.backup)).exit).toBe(0);
    const ran = await project.run('backup', '--drill', project.backup);
    expect(ran.exit).toBe(8);
    expect(ran.err).toMatch(/notes.*\b1\b.*\b2\b|notes.*\b2\b.*\b1\b/);
    expect(await namesIn(project)).not.toContain(`${basename(project.backup)}.proof.json`);
    expect(await scratchIn(project)).toEqual([]);
  });

  it('checks the data only where the target does not say how to start', async () => {
    const project = await drillable({ noStart: true });
    const ran = await project.run('backup', '--drill', project.backup);
    expect(ran, ran.err).toMatchObject({ exit: 0 });
    expect(ran.out).toContain('no service is started on it: target.drill.start');
    const proof = JSON.parse(await readFile(`${project.backup}.proof.json`, 'utf8'));
    expect(proof.started).toBeNull();
  });

  it('ends all of it at Ctrl-C, also the daemon, and keeps the proof that was there', async () => {
    const project = await drillable();
    expect((await project.run('backup', '--drill', project.backup)).exit).toBe(0);
    await project.configure({ smoke: 'echo up > smoking; sleep 60' });
    const child = startChild(project, ['backup', '--drill', project.backup]);
    const daemons = await project.daemonsWhen('smoking');
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(130);
    expect(daemons.length).toBeGreaterThan(0);
    expect(await project.alive(daemons)).toEqual([]);
    expect(await scratchIn(project)).toEqual([]);
    expect(await namesIn(project)).toContain(
      `${project.backup.slice(project.root.length + 9)}.proof.json`,
    );
  });

  it('killed with -9, it leaves no service running, and the next drill sweeps its folder', async () => {
    const project = await drillable();
    await project.configure({ smoke: 'echo up > smoking; sleep 60' });
    const child = startChild(project, ['backup', '--drill', project.backup]);
    const daemons = await project.daemonsWhen('smoking');
    child.process.kill('SIGKILL');
    expect(await child.ended).toBe('SIGKILL');
    await expect.poll(() => project.alive(daemons), { timeout: 10_000 }).toEqual([]);
    expect(await scratchIn(project)).toHaveLength(1);
    await rm(join(project.root, 'smoking'));
    await project.configure({});
    const ran = await project.run('backup', '--drill', project.backup);
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(await scratchIn(project)).toEqual([]);
  });

  it('is refused, with what would be right, where this machine gives it no network of its own', async () => {
    const project = await drillable();
    const before = await namesIn(project);
    // Root without its power, in a user namespace in which no further one may be made.
    const powerless = [
      ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
      'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-sys_admin "$@"',
      'sh',
    ];
    const child = startChildUnder(powerless, project, ['backup', '--drill', project.backup]);
    expect(await child.ended, child.err()).toBe(2);
    expect(child.err()).toContain('does not let it have a network of its own (unshare: ');
    expect(child.err()).toContain('backup: { drill: { network: allow } } in rollout.yaml');
    const doctor = startChildUnder(powerless, project, ['doctor', '--env', 'production']);
    expect(await doctor.ended).toBe(1);
    expect(doctor.out()).toMatch(/PROBLEM the next deploy would be refused.*network: allow/);
    expect(await namesIn(project)).toEqual(before);

    // Allowed, it is drilled in the open, and what made itself a daemon is ended all the same.
    await project.configure({ drill: '{ network: allow }', smoke: 'echo up > smoking; sleep 3' });
    const allowed = startChildUnder(powerless, project, ['backup', '--drill', project.backup]);
    const daemons = await project.daemonsWhen('smoking');
    expect(await allowed.ended, allowed.err()).toBe(0);
    expect(daemons.length).toBeGreaterThan(0);
    expect(await project.alive(daemons)).toEqual([]);
  });

  it('needs no root where unprivileged user namespaces are allowed', async () => {
    const project = await drillable();
    const nobody = '65534';
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await run('chown', ['-R', nobody, project.root]);
    const asNobody = isRoot
      ? ['setpriv', '--reuid', nobody, '--regid', nobody, '--clear-groups']
      : [];
    const child = startChildUnder(asNobody, project, ['backup', '--drill', project.backup]);
    expect(await child.ended, child.err() + child.out()).toBe(0);
    const seen = JSON.parse(await project.read('seen-by-smoke.json'));
    expect(seen).toMatchObject({ wroteLive: 'EROFS' });
    expect(child.out()).toContain('release 1.0 started and tested');
  });

  it('restores to the folder that --scratch names', async () => {
    const project = await drillable();
    const missing = await project.run('backup', '--drill', project.backup, '--scratch', 'none');
    expect(missing.exit).toBe(2);
    expect(missing.err).toContain('there is no such folder');
    await mkdir(join(project.root, 'elsewhere'));
    const ran = await project.run('backup', '--drill', project.backup, '--scratch', 'elsewhere');
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    const seen = JSON.parse(await project.read('seen-by-smoke.json'));
    expect(seen.env.ROLLOUT_DATA).toContain('/elsewhere/.dhash-');
    expect(await readdir(join(project.root, 'elsewhere'))).toEqual([]);
  });
});
